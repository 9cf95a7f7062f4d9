"""One Keras model under hooks: how it is traced, called and looked into."""

from classifier.network.network import Network

__all__ = ["Network"]
