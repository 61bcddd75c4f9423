"""One test for each class of faults that public advisories describe in comparable software and in our libraries.

Each test carries `@pytest.mark.advisory(number, *advisories)`. The number is ours and is never given twice.
"""
