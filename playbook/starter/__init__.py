"""The starter content: data files, and the loader that turns them into drafts."""
