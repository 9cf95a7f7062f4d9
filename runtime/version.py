"""The toolkit's version: `--version`, every record, and the first heading of CHANGELOG.md."""

VERSION = "0.2.0"
