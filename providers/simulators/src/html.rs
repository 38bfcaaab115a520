//! The few lines of HTML that the simulators' pages share. No scripts: a page works in any browser and in none.

use std::fmt::Write as _;

/// Text made safe inside an element or a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// A form's fields, carried along unseen.
pub(crate) fn hidden<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    fields
        .map(|(name, value)| {
            format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value))
        })
        .collect()
}

const STYLE: &str = "
:root{color-scheme:light;--ink:#1c2330;--soft:#5b6577;--line:#dfe4ec;--paper:#fff;--ground:#f3f5f9;--blue:#1659d6;--red:#b3261e;--green:#1b7f4b}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
header{background:#0f1b33;color:#fff;padding:.7rem 1.2rem;font-size:.95rem}header b{margin-right:.6rem}header span{opacity:.75}
main{max-width:46rem;margin:2rem auto;padding:1.6rem 1.8rem;background:var(--paper);border:1px solid var(--line);border-radius:12px}
h1{font-size:1.4rem;margin:0 0 .4rem}h2{font-size:1.05rem;margin:1.6rem 0 .5rem}p{margin:.5rem 0}.soft{color:var(--soft)}
button{font:inherit;font-weight:600;padding:.5rem 1.1rem;border-radius:8px;border:1px solid var(--line);background:#fff;color:var(--ink);cursor:pointer}
button.main{background:var(--blue);border-color:var(--blue);color:#fff}button.stop{background:var(--red);border-color:var(--red);color:#fff}
button:focus-visible,a:focus-visible,input:focus-visible{outline:3px solid #8fb4ff;outline-offset:2px}
form{display:inline-block;margin:.3rem .5rem .3rem 0}label{display:block;margin:.5rem 0}input[type=text],input[type=email]{font:inherit;padding:.45rem .6rem;border:1px solid var(--line);border-radius:8px;width:100%}
ul.people{list-style:none;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(12rem,1fr));gap:.7rem}
ul.people li{background:#101b30;color:#fff;border-radius:10px;padding:1.4rem .9rem .8rem;min-height:5.2rem;display:flex;flex-direction:column;justify-content:flex-end}
ul.people li small{opacity:.75}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.45rem .5rem;border-bottom:1px solid var(--line);vertical-align:top}
.live{color:var(--green);font-weight:600}.bad{color:var(--red);font-weight:600}iframe{width:100%;min-height:26rem;border:1px solid var(--line);border-radius:8px}pre{white-space:pre-wrap;overflow-wrap:anywhere}
code{font-size:.9em;overflow-wrap:anywhere}main>ul:not(.people){padding-left:1.2rem}@media(max-width:34rem){main{margin:0;padding:1.2rem 1rem;border-width:0 0 1px;border-radius:0}}
";

/// A whole page. `head` goes into the head as it is; `title` is escaped, `body` is HTML already.
pub(crate) fn page(product: &str, title: &str, head: &str, body: &str) -> String {
    let mut text = String::with_capacity(body.len() + STYLE.len() + 400);
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"referrer\" content=\"no-referrer\"><title>{title}</title>{head}<style>{STYLE}</style></head>\
         <body><header><b>{product}</b><span>simulator, nothing here reaches the real service</span></header><main>{body}</main></body></html>",
        title = escape(title),
        product = escape(product),
    );
    text
}
