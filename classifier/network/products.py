"""Where a graph multiplies two tensors that both come of the image: tokens exchange what they know.

However attention is written (a layer of Keras or of keras-hub, a few lines by hand), it ends as
such operations: a softmax of Q K^T, and its product with V. So they are found in the graph that
TensorFlow makes of a pass, as ReLUs are, and neither the model nor Keras is changed.
"""

from typing import Any

PRODUCTS = ("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "MatMul", "Einsum")


def of_image(inputs) -> set[str]:
    """Names of the operations, in the graph of the tensor `inputs`, whose values come of it."""
    reached = {inputs.op.name}
    for operation in inputs.graph.get_operations():  # in the order in which they were made
        if operation.type != "Shape" and any(t.op.name in reached for t in operation.inputs):
            reached.add(operation.name)
    return reached


def is_product(operation, reached: set[str]) -> bool:
    """Whether it multiplies two tensors that both come of the image."""
    return operation.type in PRODUCTS and sum(t.op.name in reached for t in operation.inputs) > 1


def products(inputs) -> list[Any]:
    """What the products in the graph of `inputs` give."""
    reached = of_image(inputs)
    made = (op for op in inputs.graph.get_operations() if is_product(op, reached))
    return [tensor for operation in made for tensor in operation.outputs]


def enters_product(tensor, reached: set[str]) -> bool:
    """Whether it is a factor of a product, as it is or changed value by value (dropout, casts)."""
    coming, seen = [tensor], set()
    while coming:
        current = coming.pop()
        for operation in current.consumers():
            if is_product(operation, reached):
                return True
            alike = [t for t in operation.outputs if t.shape[-2:] == tensor.shape[-2:]]
            new = [t for t in alike if t.name not in seen]
            seen |= {t.name for t in new}
            coming += new
    return False
