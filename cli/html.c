#include "cli/html.h"

#include "cli/language.h"
#include "cli/output.h"

/* Dark on white, at least 7 to 1; lines of a table carry it in print, where no colour does. */
static const char STYLE[] =
    "body{font:14px/1.4 'Liberation Sans','Helvetica Neue',Arial,sans-serif;color:#1b1f23;"
    "background:#fff;margin:1.5rem auto;max-width:72rem;padding:0 1.2rem}\n"
    "h1{font-size:1.6em;line-height:1.2;margin:0 0 .2em;color:#123f3a;overflow-wrap:anywhere}\n"
    "h2{font-size:1.08em;margin:1.1em 0 .35em;color:#123f3a;border-bottom:2px solid #2f7d74;"
    "padding-bottom:.1em}\n"
    "p{margin:.3em 0}.lead{color:#39434d;margin:0 0 .5em}\n"
    "table{border-collapse:collapse;width:100%;margin:.5em 0}\n"
    "caption{text-align:left;font-weight:bold;padding:.15em 0}\n"
    "th,td{text-align:left;vertical-align:top;padding:.2em .5em;border-bottom:1px solid #c5cdd3;"
    "overflow-wrap:anywhere}\n"
    "thead th{border-bottom:1px solid #1b1f23;vertical-align:bottom;overflow-wrap:normal}\n"
    "tbody th{font-weight:normal}\n"
    "tfoot th,tfoot td{border-top:1px solid #1b1f23;border-bottom:0;font-weight:bold}\n"
    "td.n,th.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums;"
    "overflow-wrap:normal}\n"
    "small{font-size:.86em;color:#39434d}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr max-content 1fr;gap:.15em .8em;"
    "margin:.3em 0}\n"
    "dt{font-weight:bold;color:#123f3a}dd{margin:0;overflow-wrap:anywhere}\n"
    ".pair{display:grid;grid-template-columns:1fr 1fr;gap:0 1.6em;align-items:start}\n"
    ".legend{margin:.4em 0;color:#39434d}.legend span{margin-right:1.6em;white-space:nowrap}\n"
    "svg.swatch{display:inline-block;width:28px;height:12px;margin-right:.4em;"
    "vertical-align:-.1em}\n"
    "footer{margin-top:1em;padding-top:.4em;border-top:1px solid #c5cdd3;font-size:.82em;"
    "color:#39434d;overflow-wrap:anywhere}\n"
    "svg{display:block;width:100%;height:auto}\n"
    "@media (max-width:46em){dl{grid-template-columns:max-content 1fr}.pair{display:block}}\n"
    "@media print{body{font-size:8.1pt;line-height:1.25;margin:0;max-width:none;padding:0}"
    "h1{font-size:1.5em}h2{margin-top:.6em;break-after:avoid}th,td{padding:.09em .4em}"
    "thead th{white-space:nowrap}thead{display:table-header-group}tr,svg{break-inside:avoid}"
    "dl{grid-template-columns:max-content 1fr max-content 1fr}.pair{display:grid}"
    "*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}\n";

static void add_escaped(struct buf *out, struct bytes safe)
{
    for (size_t i = 0; i < safe.count; i++) {
        uint8_t c = safe.data[i];
        if (c == '&')
            buf_add_text(out, "&amp;");
        else if (c == '<')
            buf_add_text(out, "&lt;");
        else if (c == '>')
            buf_add_text(out, "&gt;");
        else if (c == '"')
            buf_add_text(out, "&quot;");
        else if (c == '\'')
            buf_add_text(out, "&#39;");
        else
            buf_add_byte(out, c);
    }
}

/* U+FFFE and U+FFFF are characters of UTF-8 and none of XML. */
static void add_text(struct buf *out, struct bytes safe)
{
    static const char NEITHER[][4] = {"\xef\xbf\xbe", "\xef\xbf\xbf"};
    enum { BYTES_EACH = 3 };
    for (size_t at = 0; at < safe.count;) {
        size_t end = at;
        while (end < safe.count && safe.data[end] != 0xef)
            end++;
        add_escaped(out, (struct bytes){safe.data + at, end - at});
        struct bytes next = {safe.data + end,
                             safe.count - end < BYTES_EACH ? safe.count - end : BYTES_EACH};
        if (bytes_equal_text(next, NEITHER[0]) || bytes_equal_text(next, NEITHER[1]))
            buf_add_format(out, "\\uff%02x", next.data[2] == 0xbe ? 0xfe : 0xff);
        else
            add_escaped(out, next);
        at = end + next.count;
    }
}

void html_text(struct buf *out, const char *text)
{
    struct buf safe = {0};
    output_safe(bytes_of_text(text), &safe);
    add_text(out, buf_bytes(&safe));
    out->failed = out->failed || safe.failed;
    buf_release(&safe);
}

void html_cut(struct buf *out, const char *text, size_t columns)
{
    struct buf safe = {0};
    output_safe(bytes_of_text(text), &safe);
    struct bytes whole = buf_bytes(&safe);
    if (output_columns(whole) > columns) {
        whole.count = output_cut(whole, columns - 1);
        add_text(out, whole);
        buf_add_text(out, "\xe2\x80\xa6"); /* … */
    } else {
        add_text(out, whole);
    }
    out->failed = out->failed || safe.failed;
    buf_release(&safe);
}

void html_element(struct buf *out, const char *tag, const char *attributes, const char *text)
{
    buf_add_format(out, "<%s%s%s>", tag, attributes[0] != '\0' ? " " : "", attributes);
    html_text(out, text);
    buf_add_format(out, "</%s>", tag);
}

void html_begin(struct buf *out, const char *title, enum html_page page)
{
    const char *lang = language_now() == LANGUAGE_SPANISH ? "es" : "en";
    buf_add_format(out,
                   "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"%s\" "
                   "xml:lang=\"%s\">\n<head>\n<meta charset=\"utf-8\"/>\n",
                   lang, lang);
    buf_add_text(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                      "style-src 'unsafe-inline'\"/>\n<meta name=\"viewport\" "
                      "content=\"width=device-width, initial-scale=1\"/>\n");
    html_element(out, "title", "", title);
    buf_add_format(out,
                   "\n<style>\n@page{size:A4%s;margin:10mm 12mm}\n%s</style>\n</head>\n<body>\n",
                   page == HTML_LANDSCAPE ? " landscape" : "", STYLE);
}

void html_end(struct buf *out)
{
    buf_add_text(out, "</body>\n</html>\n");
}
