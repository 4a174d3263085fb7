/* HTML as text: what a reader sees, in lines and cells, whatever the sender wrote. */
#include "mail/html.h"

#include "base/limits.h"
#include "processor.h"

typedef struct {
    const char *html, *text;
} Case;

static HtmlText *
html_of(const char *html)
{
    return html_to_text(g_strdup(html), strlen(html));
}

static void
assert_cases(const Case *cases, guint n)
{
    for (guint i = 0; i < n; i++) {
        g_autoptr(HtmlText) html = html_of(cases[i].html);
        g_assert_cmpstr(html->text, ==, cases[i].text);
        g_assert_false(html->truncated);
    }
}

static void
ends_lines_where_a_reader_sees_them_end(void)
{
    static const Case cases[] = {
        {"", ""},
        {"Hello <b>big</b>\n  <i>world</i> ", "Hello big world\n"},
        {"<p>a</p><p>b</p>", "a\n\nb\n"},
        {"<div>a</div><div>b</div>", "a\nb\n"},
        {"<div>a</div><div><br></div><div>b</div>", "a\n\nb\n"},
        {"<div>a<br></div><div>b</div>", "a\nb\n"},
        {"a<br>b<br/><br><br>c", "a\nb\n\nc\n"},
        {"<h1>T</h1>x<hr>y", "T\n\nx\n\ny\n"},
        {"<ul><li>a<li><p>b</p></ul><ol><li>c</li></ol>d", "- a\n- b\n- c\nd\n"},
        {"<ul><li></li></ul>x", "x\n"},
        {"<dl><dt>Name<dd>Ada</dl>", "Name\nAda\n"},
        {"<span style='display:block'>a</span><span>b</span>", "a\nb\n"},
        {"<pre>\na  b\n c</pre>", "a  b\n c\n"},
        {"<div style='white-space: pre-wrap'>a\nb</div>", "a\nb\n"},
        {"<o:p>a</o:p>&nbsp;&nbsp;b", "a b\n"},
    };
    assert_cases(cases, G_N_ELEMENTS(cases));
}

static void
keeps_rows_as_label_and_value(void)
{
    static const Case cases[] = {
        {"<table><tr><td>Name</td><td>Ada</td></tr><tr><th>Phone<td>5</table>",
         "Name\tAda\nPhone\t5\n"},
        {"<table><tr>\n <td><p>Name:</p></td>\n <td><p>Ada</p></td></tr></table>", "Name:\tAda\n"},
        {"<table><tr><td>Name<br></td><td>&nbsp;</td><td>Ada</td></tr></table>", "Name\tAda\n"},
        {"<table><tr><td>Address</td><td>1 Main St<br>Chicago</td><td>x</td></tr></table>",
         "Address\t1 Main St\nChicago\nx\n"},
        {"<table><tr><td>Phone</td><td></td></tr><tr><td>City</td><td>Rome</td></tr></table>",
         "Phone\t\nCity\tRome\n"},
        {"<table><tr><td colspan=2><b>Name</b></td></tr><tr><td width=20>&nbsp;</td>"
         "<td>Ada</td></tr></table>",
         "Name\nAda\n"},
        {"<td>a</td><td>b</td>", "a\nb\n"},
        {"<table><tr><td>City</td><td>Rome</td></tr><tr><td "
         "colspan=2><h2>Job</h2></td></tr></table>",
         "City\tRome\n\nJob\n"},
    };
    assert_cases(cases, G_N_ELEMENTS(cases));
}

static void
gives_nested_tables_lines_of_their_own(void)
{
    static const Case cases[] = {
        {"<table><tr><td><table><tr><td>Name</td><td>Ada</td></tr><tr><td>Phone</td><td>5</td>"
         "</tr></table></td><td>Footer</td></tr></table>",
         "Name\tAda\nPhone\t5\nFooter\n"},
        {"<table><tr><td>Left</td><td><table><tr><td>a</td><td>b</td></tr></table></td></tr>"
         "</table>end",
         "Left\na\tb\n\nend\n"},
        {"<table><tr><td><table><tr><td></td></tr></table></td><td>x</td></tr></table>", "x\n"},
    };
    assert_cases(cases, G_N_ELEMENTS(cases));
}

static void
leaves_out_what_nobody_sees(void)
{
    static const Case cases[] = {
        {"<html><head><title>T</title><style>p{}</style></head><body>x</body></html>", "x\n"},
        {"<script>if (a<b) c()</script><style><!-- p{} --></style><template>t</template>x", "x\n"},
        {"<div style='display:none'>pre</div>x", "x\n"},
        {"<div style=\"color:red; DISPLAY : none !important;\">pre<p>q</p></div>x", "x\n"},
        {"<div style='visibility:hidden'>p</div><p hidden>p</p>x", "x\n"},
        {"<span style='mso-hide:all'>p</span><span style='opacity:0'>p</span>x", "x\n"},
        {"<span style='max-height:0px;overflow:hidden'>p</span><i style='font-size:0'>p</i>x",
         "x\n"},
        {"<!-- a comment --><!--[if mso]>mso<![endif]-->x<![if !mso]>y<![endif]>", "xy\n"},
        {"<!--[if !mso]><!-->x<!--<![endif]-->", "x\n"},
        {"<img src=a width=1 height=1 alt=pixel><img style='height:1px' alt=p>"
         "<img src=b alt='Ada &amp; Co'>",
         "Ada & Co\n"},
        {"<table><tr style='display:none'><td>a<td>b</tr><tr><td>c<td>d</table>", "c\td\n"},
        {"x&#847;&zwnj;&#8203;&shy;y &zwnj;&nbsp;&zwnj;", "x\u200Cy\n"},
    };
    assert_cases(cases, G_N_ELEMENTS(cases));
}

static void
shows_what_only_looks_hidden(void)
{
    static const Case cases[] = {
        {"<td style='font-size:0px'><div style='font-size:13px'>Ada</div></td>", "Ada\n"},
        {"<p style='max-height:10px;opacity:0.9;font-size:0.9em'>x</p>", "x\n"},
        {"<p style='background:url(display:none)'>x</p>", "x\n"},
        {"<p style='border-opacity:0'>x</p><p style='display:nonesuch'>y</p>", "x\n\ny\n"},
        {"<img width='100%' alt=x>", "x\n"},
        {"<!-->a<!--->b", "ab\n"},
        {"</html>a</body>b<html><body>c</body></html>d", "abcd\n"},
    };
    assert_cases(cases, G_N_ELEMENTS(cases));
}

/* As in a browser: see the HTML standard, section 13.2.5.43 and on. */
static void
ends_comments_where_browsers_do(void)
{
    static const Case cases[] = {
        {"a<!-- never closed<p>b</p>", "a\n"},
        {"a<!--", "a\n"},
        {"a<!---", "a\n"},
        {"a<!--b--", "a\n"},
        {"a<!--b--!", "a\n"},
        {"a<!--[if mso]>b<![endif]>c", "a\n"},
        {"a<!--[if mso]>b<![endif]>c<!-- d -->e", "ae\n"},
        {"a<!--b--!>c", "ac\n"},
        {"a<!--b--!>c-->d", "ac-->d\n"},
        {"a<!--b--!-->c", "ac\n"},
        {"a<!--b->c-- >d--->e", "ae\n"},
        {"a<!---->b<!----->c<!----!>d", "abcd\n"},
        {"a<!---!>b-->c<!--!>d-->e", "ace\n"},
        {"a<!-- <!-- b --> c -->d", "a c -->d\n"},
        {"a<p title='<!--'>b", "a\n\nb\n"},
        {"a < !-- b", "a < !-- b\n"},
        {"<style><!-- p{}</style>a", "a\n"},
        {"<script><!-- b</script>a", "a\n"},
        {"<title><!-- t</title>a", "a\n"},
        {"<title><!-- t</TITLE >a<!-- b -->c", "ac\n"},
        {"<title>t</title>a<!-- b</title>c", "a\n"},
        {"<textarea>a<!-- b</textarea>c", "a b\n\nc\n"}, /* they show <!-- */
        {"<textarea>x<!-- </textarea>a<!-- b -->c", "x\n\nac\n"},
        {"<textarea>x<!-- y</b>z", "x yz\n"},
        {"<plaintext>x<!-- y</b>z", "x yz\n"},
        {"<noembed>x<!-- y</b>z", "x\n"}, /* they show nothing */
    };
    assert_cases(cases, G_N_ELEMENTS(cases));
}

/* Likewise. */
static void
begins_comments_where_browsers_do(void)
{
    static const Case cases[] = {
        {"<style/>p{}<!-- </style>a", "p{} a\n"}, /* they show "a" alone */
        {"<style/type=x>p{}<!-- </style>a", "a\n"},
        {"<style>p{}<!-- </style/>a", "a\n"},
        {"<style x=/><b title='</style>a<!-->b", "ab\n"},
        {"<style></styles><!-- </style>a", "a\n"},
        {"<styles><style></styles><!-- </style>a", "a\n"},
        {"<script/src=x>b <!-- </script>a", "a\n"},
        {"<script/>b <!-- </script>a", "b a\n"},
        {"<title>t <!-- </title/>a", "a\n"},
        {"<title x='</title>'>t <!-- </title>a", "a\n"},
        {"<title/x>t <!-- </title>a", "a\n"},
        {"<p>a</p <!-- >b", "a\n\nb\n"},
        {"<p>a</p title='>'>b", "a\n\nb\n"},
        {"<p>a</p/title=\"> <!-- \"/>b", "a\n\nb\n"},
        {"a<?xml <!-- ?>b", "ab\n"},
        {"a<?xml b>c?>d", "ac?>d\n"},
        {"<!DOCTYPE html <!-- >a", "a\n"},
        {"<!DOCTYPE html PUBLIC \"a>b\">c", "b\">c\n"},
        {"a<! <!-- >b", "ab\n"},
        {"a<!x>b<!>c<!-d>e", "abce\n"},
        {"a</ <!-- >b</>c</3 d>e", "abce\n"},
        {"a<!-- b --></p <!-- >c<!-- d", "ac\n"},
        {"<textarea>a<! b>c</3 d>e</textarea>f", "a<! b>c3 d>e\n\nf\n"}, /* they show </ */
        {"<textarea>a<?b <script>c</textarea>d<!-->e", "ac\n\nde\n"},    /* they show <?b too */
        {"<textarea>a<!DOCTYPE <script>c</textarea>d<!-->e", "ac\n\nde\n"},
        {"<textarea>a</b x='>c</textarea>d", "ac\n\nd\n"},
        {"a <! b", "a <! b\n"},
        {"a </ b", "a b\n"},
        {"a <? b", "a b\n"},
        {"a<b", "a\n"},
        {"a</b", "a\n"},
    };
    assert_cases(cases, G_N_ELEMENTS(cases));
}

/* After one of its kind that has an end, and after another kind that has none. */
static void
begins_no_comment_in_texts(void)
{
    static const char *const names[] = {"title",  "textarea", "xmp",
                                        "iframe", "noembed",  "noframes"};
    static const char *const endless[] = {"noembed", "noframes", "b"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        for (guint other = 0; other < G_N_ELEMENTS(endless); other++) {
            const char *name = names[i];
            g_autofree char *text = g_strdup_printf(
                "<%s></%s><%s>x<%s>y<!-- </%s>Ada<!-- z -->", name, name,
                g_str_equal(endless[other], name) ? "b" : endless[other], name, name);
            g_autoptr(HtmlText) html = html_of(text);
            g_assert_nonnull(strstr(html->text, "Ada"));
            g_assert_null(strchr(html->text, 'z'));
        }
    }
}

static void
quotes_only_blockquotes(void)
{
    static const Case cases[] = {
        {"a<blockquote>b<p>c</p><blockquote>d</blockquote></blockquote>e",
         "a\n> b\n>\n> c\n>\n> > d\ne\n"},
        {"<div class=gmail_quote>a</div>", "a\n"},
    };
    assert_cases(cases, G_N_ELEMENTS(cases));
}

static void
resolves_entities(void)
{
    static const Case cases[] = {
        {"Jos&eacute; &amp; &lt;b&gt; &#39;x&#x27; &bogus; a & b",
         "José & <b> 'x' &bogus; a & b\n"},
        {"it&#146;s &#150;", "it’s –\n"},
        {"<meta charset=iso-8859-1>José", "José\n"},
    };
    assert_cases(cases, G_N_ELEMENTS(cases));
}

static const HtmlLink *
link_at(const HtmlText *html, guint i)
{
    g_assert_cmpuint(i, <, html->links->len);
    return g_ptr_array_index(html->links, i);
}

static void
records_links(void)
{
    const char text[] = "<a href='tel:+13125550142'>312 <b>555</b><br>0142</a> <a name=x>n</a>"
                        "<a href=' https://x.example/?a=1&amp;b=2\n '><img alt=Go></a>"
                        "<a href='#top'>up</a><a href=javascript:x()>j</a>"
                        "<div hidden><a href=http://hidden.example/>h</a></div>";
    g_autoptr(HtmlText) html = html_of(text);
    g_assert_cmpuint(html->links->len, ==, 2);
    g_assert_cmpstr(link_at(html, 0)->target, ==, "tel:+13125550142");
    g_assert_cmpstr(link_at(html, 0)->text, ==, "312 555 0142");
    g_assert_cmpstr(link_at(html, 1)->target, ==, "https://x.example/?a=1&b=2");
    g_assert_cmpstr(link_at(html, 1)->text, ==, "Go");
}

static void
keeps_data_meant_for_machines(void)
{
    const char text[] = "<head><META NAME='lead_name' content='Ada'><meta charset=utf-8></head>"
                        "<script type='application/ld+json'>{\"a\": \"<b>\"}</script>"
                        "<script>no()</script><!-- {\"b\": 1} --><!-- [ {\"c\": 1}] --><!--[if]-->";
    g_autoptr(HtmlText) html = html_of(text);
    g_assert_cmpuint(html->metas->len, ==, 1);
    const HtmlMeta *meta = g_ptr_array_index(html->metas, 0);
    g_assert_cmpstr(meta->name, ==, "lead_name");
    g_assert_cmpstr(meta->content, ==, "Ada");
    g_assert_cmpuint(html->scripts->len, ==, 1);
    g_assert_cmpstr(g_ptr_array_index(html->scripts, 0), ==, "{\"a\": \"<b>\"}");
    g_assert_cmpuint(html->comments->len, ==, 2);
    g_assert_cmpstr(g_ptr_array_index(html->comments, 0), ==, "{\"b\": 1}");
    g_assert_cmpstr(html->text, ==, "");

    g_autoptr(HtmlText) cut = html_of("<script type='application/ld+json'>{}</script");
    g_assert_cmpuint(cut->scripts->len, ==, 1);
    g_assert_cmpstr(g_ptr_array_index(cut->scripts, 0), ==, "{}");
}

static char *
repeated(const char *unit, guint n)
{
    GString *text = g_string_new(NULL);
    while (n--)
        g_string_append(text, unit);
    return g_string_free(text, FALSE);
}

/* Before, 100,000 times a unit, between, 100,000 times another: each in time, text kept. */
static void
hostile_nesting_is_read_in_linear_time(void)
{
    static const struct {
        const char *open, *between, *close;
        gboolean seen;
    } cases[] = {
        {"<div>", "Ada", "</div>", TRUE},
        {"<span>", "Ada", "</div>", TRUE},
        {"<b><i>", "Ada", "</u>", TRUE},
        {"<p>", "Ada", "", TRUE},
        {"<table><tr><td>", "Ada", "</td></tr></table>", TRUE},
        {"<table><tr><td>x", "", "y</td></tr></table>", FALSE},
        {"<blockquote>", "Ada", "</blockquote>", TRUE},
        {"<div hidden>", "x", "</span>", FALSE},
        {"<ul><li>", "Ada", "", TRUE},
        {"<a href=x>", "Ada", "", TRUE},
        {"<!--", "Ada", "", FALSE},
        {"<!--", "x", "--!", FALSE},
        {"<!---->", "Ada", "<!--", TRUE},
        {"<title>", "Ada", "<!--", FALSE},
        {"<title><!--", "", "</title>", FALSE},
        {"<title><!-- -->", "", "", FALSE},
        {"<textarea><!--", "Ada", "</textarea>", TRUE},
        {"<xmp><!--</xmp><!-- -->", "Ada", "", TRUE},
        {"<![", "Ada", "", TRUE},
        {"<![x>", "Ada", "", TRUE},
        {"<", "Ada", "", FALSE},
        {"<a ", "", "=", FALSE},
        {"<a b='", "", "", FALSE},
        {"<script>", "", "</style>", FALSE},
        {"<style><", "", "", FALSE},
        {"&#", "", "&amp", FALSE},
        {"<body>", "Ada", "<head>", TRUE},
        {"<td>", "Ada", "</tr>", TRUE},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *open = repeated(cases[i].open, 9000);
        g_autofree char *close = repeated(cases[i].close, 9000);
        g_autofree char *all = g_strconcat(open, cases[i].between, close, NULL);
        gint64 begin = processor_time();
        g_autoptr(HtmlText) html = html_of(all);
        g_assert_cmpint(processor_time() - begin, <, 10 * G_USEC_PER_SEC);
        g_assert_true(g_utf8_validate(html->text, -1, NULL));
        g_assert_cmpuint(strlen(html->text), <=, LIMIT_TEXT);
        if (cases[i].seen)
            g_assert_nonnull(strstr(html->text, "Ada"));
    }
}

static void
hostile_tags_are_read_in_linear_time(void)
{
    g_autoptr(GString) many = g_string_new("<a href=first ");
    for (guint i = 0; i < 200000; i++)
        g_string_append_printf(many, "%x=1 ", i);
    g_string_append(many, ">Ada</a>");
    g_autofree char *x = repeated("x", 1 << 20);
    g_autofree char *large = g_strdup_printf("<a style=\"%s\" href=\"%s\">Ada</a>", x, x);
    const char *const tags[] = {many->str, large};
    for (guint i = 0; i < G_N_ELEMENTS(tags); i++) {
        gint64 begin = processor_time();
        g_autoptr(HtmlText) html = html_of(tags[i]);
        g_assert_cmpint(processor_time() - begin, <, 5 * G_USEC_PER_SEC);
        g_assert_cmpstr(html->text, ==, "Ada\n");
        g_assert_cmpuint(strlen(link_at(html, 0)->target), <=, LIMIT_LINK_TARGET);
    }
}

/* An end is looked for once, not for each that has none. */
static void
hostile_soups_are_read_in_linear_time(void)
{
    static const char *const units[] = {"<title></b>",
                                        "<textarea></b>",
                                        "<xmp></b>",
                                        "<iframe></b>",
                                        "<noembed></b>",
                                        "<noframes></b>",
                                        "<script/></b",
                                        "<style/></b>",
                                        "<style></styles>",
                                        "</b x='>'c",
                                        "</b x",
                                        "<!x",
                                        "<?",
                                        "</",
                                        "<!x>",
                                        "<b x/=/",
                                        "<xmp><!--</xmp/>a",
                                        "<title/x></title"};
    for (guint i = 0; i < G_N_ELEMENTS(units); i++) {
        g_autofree char *soup = repeated(units[i], (guint)((1 << 20) / strlen(units[i])));
        gint64 begin = processor_time();
        g_autoptr(HtmlText) html = html_of(soup);
        g_assert_cmpint(processor_time() - begin, <, 5 * G_USEC_PER_SEC);
        g_assert_cmpuint(strlen(html->text), <=, LIMIT_TEXT);
    }
}

static void
says_when_it_cuts(void)
{
    g_autofree char *words = repeated("word é ", 300000);
    g_autoptr(HtmlText) html = html_of(words);
    g_assert_true(html->truncated);
    g_assert_cmpuint(strlen(html->text), <=, LIMIT_TEXT);
    g_assert_cmpuint(strlen(html->text), >, LIMIT_TEXT - 1024);
    g_assert_true(g_utf8_validate(html->text, -1, NULL));

    g_autofree char *links = repeated("<a href=x>y</a>", LIMIT_LINKS + 1);
    g_autoptr(HtmlText) linked = html_of(links);
    g_assert_true(linked->truncated);
    g_assert_cmpuint(linked->links->len, ==, LIMIT_LINKS);

    /* One for the root that is put around it all. */
    g_autofree char *few = repeated("<i>x</i>", LIMIT_HTML_ELEMENTS - 1);
    g_autofree char *many = g_strconcat(few, "<b>y</b>z", NULL);
    g_autoptr(HtmlText) whole = html_of(few);
    g_assert_false(whole->truncated);
    g_assert_cmpuint(strlen(whole->text), ==, LIMIT_HTML_ELEMENTS - 1 + strlen("\n"));
    g_autoptr(HtmlText) cut = html_of(many);
    g_assert_true(cut->truncated);
    g_assert_cmpstr(cut->text, ==, whole->text);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/html/ends-lines-where-a-reader-sees-them-end",
                    ends_lines_where_a_reader_sees_them_end);
    g_test_add_func("/html/keeps-rows-as-label-and-value", keeps_rows_as_label_and_value);
    g_test_add_func("/html/gives-nested-tables-lines-of-their-own",
                    gives_nested_tables_lines_of_their_own);
    g_test_add_func("/html/leaves-out-what-nobody-sees", leaves_out_what_nobody_sees);
    g_test_add_func("/html/shows-what-only-looks-hidden", shows_what_only_looks_hidden);
    g_test_add_func("/html/comments", ends_comments_where_browsers_do);
    g_test_add_func("/html/where-comments-begin", begins_comments_where_browsers_do);
    g_test_add_func("/html/no-comments-in-texts", begins_no_comment_in_texts);
    g_test_add_func("/html/quotes-only-blockquotes", quotes_only_blockquotes);
    g_test_add_func("/html/resolves-entities", resolves_entities);
    g_test_add_func("/html/records-links", records_links);
    g_test_add_func("/html/keeps-data-meant-for-machines", keeps_data_meant_for_machines);
    g_test_add_func("/html/hostile-nesting-is-read-in-linear-time",
                    hostile_nesting_is_read_in_linear_time);
    g_test_add_func("/html/hostile-tags-are-read-in-linear-time",
                    hostile_tags_are_read_in_linear_time);
    g_test_add_func("/html/hostile-soups-are-read-in-linear-time",
                    hostile_soups_are_read_in_linear_time);
    g_test_add_func("/html/says-when-it-cuts", says_when_it_cuts);
    return g_test_run();
}
