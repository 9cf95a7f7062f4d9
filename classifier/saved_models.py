"""SavedModel folders: the function images -> scores that one serves, if all it does is compute."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from runtime import first_line

# Operations that reach for files, the network, processes or Python, by their names' parts.
REACHING = re.compile(
    r"File|Reader|Save|Restore|Checkpoint|Record|TextLine|CSV|Sql|Snapshot|CacheDataset|PyFunc|"
    r"Rpc|RemoteCall|DataService|Summary|Write|Debug|^Collective|^_?Send|^_?Recv|^_?Host|Abort|"
    r"LMDB|BigQuery|Gcs|LoadDataset|LoadAndRemap|VocabRemapping|Dump|DistributedTPU|Serialize.*TRT|"
    r"DirectoryWatch|Kafka|Http|FileSystem"
)
HARMLESS = re.compile(r"^(TensorArray\w*|TensorListReserve|HistogramSummary|AudioSummary)$")
SAVERS = ("__inference__traced_save", "__inference__traced_restore")
STREAMS = (b"stdout", b"stderr", b"log(info)", b"log(warning)", b"log(error)")


def open_saved_model(path: str, trust: bool = False) -> Callable:
    """The serving function of a SavedModel folder, which Keras 3 opens for inference only.

    Its `link` says what its last operation is, "softmax" or "sigmoid", if it is one of these.
    Raises ValueError where its graphs do more than compute, unless `trust`.
    """
    import tensorflow as tf

    graphs = _graphs(path)
    if not trust:
        refuse_reaching(path, graphs)
    try:
        loaded = tf.saved_model.load(path)
    except Exception as error:  # TensorFlow raises many kinds
        raise ValueError(f"model '{path}' cannot be loaded: {first_line(error)}") from error
    names = list(loaded.signatures)
    if not names:
        raise ValueError(f"model '{path}' has no serving signature")
    serve = loaded.signatures["serving_default" if "serving_default" in names else names[0]]
    arguments = serve.structured_input_signature[1]
    if len(arguments) != 1 or len(serve.structured_outputs) != 1:
        raise ValueError(
            f"model '{path}' takes {len(arguments)} inputs and gives "
            f"{len(serve.structured_outputs)} outputs; a classifier has one of each"
        )
    ((argument, spec),) = arguments.items()

    def scores(inputs):
        (output,) = serve(**{argument: tf.cast(inputs, spec.dtype)}).values()
        return output.numpy()

    scores.input_shape = spec.shape.as_list()
    scores.loaded = loaded  # alive as long as its function is
    scores.needs_preprocessing = True
    scores.last_operation = last_operation(serve.graph.as_graph_def(), serve.outputs[0].op.name)
    return scores


def _graphs(path: str) -> list:
    """The graphs in the folder's saved_model.pb, before anything of them is run."""
    from tensorflow.core.protobuf import saved_model_pb2

    file = Path(path) / "saved_model.pb"
    if not file.is_file():
        raise ValueError(f"model '{path}' is no SavedModel: no saved_model.pb in the folder")
    saved = saved_model_pb2.SavedModel()
    try:
        saved.ParseFromString(file.read_bytes())
    except Exception as error:  # protobuf's own kinds
        raise ValueError(
            f"model '{path}' is no SavedModel: its saved_model.pb is broken"
        ) from error
    return list(saved.meta_graphs)


def refuse_reaching(path: str, graphs: list) -> None:
    """Raises ValueError where an operation reaches out of the graph, in nested functions too.

    What writes and reads the weights stands in functions of its own, which nothing else may call.
    """
    for graph in graphs:
        for where, operation in _reaching(graph):
            raise ValueError(
                f"model '{path}' is refused: its graph ({where}) holds {operation}, an operation "
                "on files, the network or processes, and a SavedModel is a program that would run "
                "it; --trust runs it"
            )


def _reaching(graph) -> Iterator[tuple[str, str]]:
    """(function, operation) of what reaches out of a graph; "main" is no function."""
    functions = {
        function.signature.name: function.node_def for function in graph.graph_def.library.function
    }
    savers = {name for name in functions if name.startswith(SAVERS)}
    concrete = graph.object_graph_def.concrete_functions
    callers = {name: nodes for name, nodes in functions.items() if name not in savers}
    called = {name for nodes in callers.values() for node in nodes for name in _calls(node)}
    savers -= called | set(concrete)  # what the model calls itself is no saver
    of_saver = _saver_nodes(graph)
    main = [node for node in graph.graph_def.node if node.name not in of_saver]
    bodies = {"main": main} | {n: nodes for n, nodes in functions.items() if n not in savers}
    for name, nodes in bodies.items():
        for node in nodes:
            if REACHING.search(node.op) and not HARMLESS.match(node.op):
                yield name, node.op
            if node.op == "PrintV2" and node.attr["output_stream"].s not in STREAMS:
                yield name, "PrintV2 to a file"


def _saver_nodes(graph) -> set[str]:
    """Names of the main graph's nodes that lead to its saver's two ends, of TensorFlow 1 too."""
    nodes = {node.name: node for node in graph.graph_def.node}
    ends = (graph.saver_def.save_tensor_name, graph.saver_def.restore_op_name)
    served = {
        tensor.name.split(":")[0]
        for signature in graph.signature_def.values()
        for tensor in signature.outputs.values()
    }
    return _ancestors(nodes, [end.split(":")[0] for end in ends]) - _ancestors(nodes, served)


def _ancestors(nodes: dict, ends) -> set[str]:
    ancestors, coming = set(), [end for end in ends if end in nodes]
    while coming:
        name = coming.pop()
        if name in nodes and name not in ancestors:
            ancestors.add(name)
            coming += [source.lstrip("^").split(":")[0] for source in nodes[name].input]
    return ancestors


def _calls(node) -> Iterator[str]:
    """Names of the functions that a node calls."""
    for value in node.attr.values():
        if value.HasField("func"):
            yield value.func.name
        for function in value.list.func:
            yield function.name


PASSED_ON = ("Identity", "IdentityN", "Cast", "Reshape", "EnsureShape", "StopGradient")


def last_operation(graph, name: str) -> str:
    """The kind of the last operation that computes, of a graph's node; functions are entered."""
    functions = {function.signature.name: function for function in graph.library.function}
    nodes, wanted = {node.name: node for node in graph.node}, name
    for _ in range(1000):
        node = nodes.get(wanted.split(":")[0].lstrip("^"))
        if node is None:
            return ""
        if node.op in PASSED_ON:
            wanted = node.input[int(wanted.rsplit(":", 1)[-1]) if node.op == "IdentityN" else 0]
            continue
        called = next(_calls(node), None)
        if called not in functions:
            return node.op
        body = functions[called]
        output = wanted.rsplit(":", 1)[-1]
        number = int(output) if output.isdigit() else 0
        wanted = body.ret[body.signature.output_arg[number].name]
        nodes = {node.name: node for node in body.node_def}
    return ""
