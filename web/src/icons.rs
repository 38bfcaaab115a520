//! The icons, as paths on a 20 by 20 grid drawn with a 1.8 stroke.

/// The brand's mark, on a 32 by 32 grid; colours are its own and the same in both schemes.
pub const MARK: &str = "<svg class=\"mark\" viewBox=\"0 0 32 32\" aria-hidden=\"true\"><rect width=\"32\" height=\"32\" rx=\"8\" fill=\"#8FD6B9\"/><path d=\"M8 11.5l12.5-3.5 3.5 5.5-13.5 3.8zM16.3 16v7.5M11.5 24.5h9.5\" fill=\"none\" stroke=\"#0E3B2E\" stroke-width=\"2.4\" stroke-linecap=\"round\" stroke-linejoin=\"round\"/></svg>";

/// The path of an icon by name.
#[must_use]
pub fn path(name: &str) -> Option<&'static str> {
    Some(match name {
        "home" => "M3.5 9.5L10 4l6.5 5.5V16.5h-4.5v-4h-4v4H3.5z",
        "book" => {
            "M10 5.5C8 4 5.5 4 3.5 4.5v11c2-.5 4.5-.5 6.5 1 2-1.5 4.5-1.5 6.5-1v-11C14.5 4 12 4 10 5.5zM10 5.5v11"
        }
        "calendar" => "M3.5 5h13v11.5h-13zM3.5 8.5h13M7 3v3M13 3v3",
        "play" => "M6.5 4.5v11l9-5.5z",
        "check" => "M4 10.5l4 4 8-9",
        "plug" => "M7 3v4M13 3v4M5 7h10v2.5a5 5 0 01-10 0zM10 14.5V17",
        "bell" => "M5.5 13V9a4.5 4.5 0 019 0v4l1.5 1.5H4zM8.5 17h3",
        "live" => "M10 13a3 3 0 100-6 3 3 0 000 6zM17 10a7 7 0 11-14 0 7 7 0 0114 0z",
        "lock" => "M6.5 9V6.5a3.5 3.5 0 017 0V9M5 9h10v7.5H5z",
        "people" => {
            "M7.5 9.5a2.75 2.75 0 100-5.5 2.75 2.75 0 000 5.5zM2.5 16c.4-3 2.4-4.5 5-4.5s4.6 1.5 5 4.5M13 4.3a2.7 2.7 0 010 5M14.5 11.8c1.8.5 2.8 2 3 4.2"
        }
        "key" => "M12.5 10.5a3.5 3.5 0 10-3.2-2L3.5 14.5v2H6V15h1.5v-1.5H9l1.5-2.8",
        "bars" => "M3.5 16.5h13M6 13.5V9M10 13.5V4.5M14 13.5v-6",
        "shield" => "M10 3l6 2v5c0 3.5-2.5 6-6 7-3.5-1-6-3.5-6-7V5z",
        "gear" => {
            "M10 12.5a2.5 2.5 0 100-5 2.5 2.5 0 000 5zM10 3v2M10 15v2M3 10h2M15 10h2M5 5l1.5 1.5M13.5 13.5L15 15M15 5l-1.5 1.5M6.5 13.5L5 15"
        }
        "menu" => "M3.5 6h13M3.5 10h13M3.5 14h13",
        "camera" => "M3 6h9v8H3zM12 9l5-2.5v7L12 11z",
        "arrow" => "M4 10h12M11 5l5 5-5 5",
        "clock" => "M10 5.5V10l3 2M17 10a7 7 0 11-14 0 7 7 0 0114 0z",
        "hand" => {
            "M6 11V6.5a1 1 0 012 0V10M8 9.5V4.5a1 1 0 012 0V9.5M10 9.5V5.5a1 1 0 012 0V10M12 10V7a1 1 0 012 0v5.5c0 2.5-1.5 4.5-4.5 4.5-2 0-3.2-1-4-2.5L4 11.8c-.6-1.2.8-2 1.6-1z"
        }
        "in" => "M11 4h5v12h-5M3 10h8M8 6.5l3.5 3.5L8 13.5",
        "out" => "M9 4H4v12h5M8 10h9M13.5 6.5L17 10l-3.5 3.5",
        "cross" => "M5 5l10 10M15 5L5 15",
        "dash" => "M5 10h10",
        "copy" => "M7 7h9v9.5H7zM4 13V3.5h9",
        "mail" => "M3 5h14v10.5H3zM3 6l7 5.5L17 6",
        "print" => "M6 7V3.5h8V7M6 14H3.5V7h13v7H14M6 11.5h8v5H6z",
        "info" => "M10 9v5M10 6.5h.01M17 10a7 7 0 11-14 0 7 7 0 0114 0z",
        "alert" => {
            "M10 7.5v3.5M10 14h.01M8.8 3.6L2.6 14.4a1.4 1.4 0 001.2 2.1h12.4a1.4 1.4 0 001.2-2.1L11.2 3.6a1.4 1.4 0 00-2.4 0z"
        }
        "door" => "M5 17V3.5h10V17M3 17h14M12 10v.5",
        "building" => "M4 17V4h8v13M12 8h4v9M2.5 17h15M7 7.5h2M7 10.5h2M7 13.5h2",
        _ => return None,
    })
}

/// An icon as markup, hidden from readers: the word stands beside it.
#[must_use]
pub fn svg(name: &str, class: &str) -> Option<String> {
    path(name).map(|path| {
        let gap = if class.is_empty() { "" } else { " " };
        format!("<svg class=\"ic{gap}{class}\" viewBox=\"0 0 20 20\" aria-hidden=\"true\"><path d=\"{path}\"/></svg>")
    })
}
