"""The page: upload a picture, see why. It needs Gradio (requirements-web.txt)."""

from web.serving import make_site, serve

__all__ = ["make_site", "serve"]
