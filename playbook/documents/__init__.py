"""What readers take along: one item, a chosen set, or all of a language, as files.

The words come from one place (`chapters`), the forms are modules of their own: `single_file`,
`pdf`, `epub`, `text` and `pack`. `views` offers them, each with its size, and `store` keeps what
took long to make.
"""
