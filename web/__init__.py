"""The page: upload an image, see why. It needs Gradio (requirements-web.txt)."""

from web.server import make_site, serve

__all__ = ["make_site", "serve"]
