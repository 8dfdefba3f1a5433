"""``python -m harness.reference docs/reference``: write docs/reference again."""

from harness.reference.pages import main

main()
