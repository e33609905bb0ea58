"""Rich text keeps a small vocabulary, and links that lead to an absolute address."""

import pytest

from playbook.sanitise import clean_html, html_for_readers


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("<p>A <b>b</b> <strong>c</strong> <i>d</i> <em>e</em><br>f</p>",) * 2,
        ("<h3>A</h3><h4>B</h4><ul><li>C</li></ul><ol><li>D</li></ol>",) * 2,
        ("<blockquote>A</blockquote>",) * 2,
        ('<p data-block-key="x1">A</p>', "<p>A</p>"),
        ('<p style="color:red" class="x" onclick="y()">A</p>', "<p>A</p>"),
        ("<h2>A</h2><div>B</div>", "AB"),
        ("<p>A<script>alert(1)</script></p>", "<p>A</p>"),
        ("<style>p{}</style><p>A</p>", "<p>A</p>"),
        ('<img src="http://a.example/x.png"><p>A</p>', "<p>A</p>"),
        ("<!-- a note --><p>A</p>", "<p>A</p>"),
        ("<p>1 &lt; 2 &amp; 3</p>",) * 2,
    ],
)
def test_only_the_shared_vocabulary_stays(given, kept):
    assert clean_html(given) == kept
    assert clean_html(kept) == kept


@pytest.mark.parametrize("address", ["https://a.example/b?c=d", "http://a.example"])
def test_absolute_links_stay_and_gain_rel_only_where_they_are_shown(address):
    link = f'<a href="{address}">A</a>'
    assert clean_html(link) == link
    assert 'rel="noopener noreferrer external"' in html_for_readers(link)


@pytest.mark.parametrize(
    "address",
    [
        "/en/plays/", "//a.example/", "#top", "plays", "https:///x", "http:a",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)", "data:text/html,x", "mailto:a@a.example", "ftp://a.example/", "",
        " javascript:alert(1)", "https://", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_other_links_lose_their_address_and_keep_their_words(address):
    assert clean_html(f'<p>A <a href="{address}">B</a></p>') == "<p>A B</p>"


def test_a_link_to_a_page_of_the_editor_loses_its_target():
    assert clean_html('<p><a linktype="page" id="3">A</a></p>') == "<p>A</p>"
