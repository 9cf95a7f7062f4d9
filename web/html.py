"""The page's own templates."""

from pathlib import Path
from typing import Any

from pipeline.reporting.html_templates import template_environment

TEMPLATES = Path(__file__).with_name("templates")


def render(template: str, **content: Any) -> str:
    """The template as HTML, with the content in it, escaped."""
    return template_environment(TEMPLATES).get_template(template).render(content)
