//! Colours of somebody else's on our pages: a small sheet that follows ours and replaces its tokens.

use lectern_core::colour::{Accent, Colour, Scheme};

use crate::assets;

/// The sheet for a page that is always light or always dark, or as the reader's device is; with an accent of this colour.
///
/// What it says is made of our own tokens and of checked colours, so a stranger's colour adds no rule.
#[must_use]
pub fn sheet(scheme: Option<Scheme>, accent: Option<Colour>) -> String {
    let accent = |scheme| accent.map(|colour| tokens_of(Accent::of(colour, scheme))).unwrap_or_default();
    match scheme {
        Some(scheme) => format!(":root{{{}{}}}\n", base(scheme), accent(scheme)),
        // Paper is white: what is printed keeps the light scheme's colours.
        None => format!(
            ":root{{{}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{}}}}}\n",
            accent(Scheme::Light),
            accent(Scheme::Dark)
        ),
    }
}

fn tokens_of(accent: Accent) -> String {
    let Accent { accent, hover, soft, on_accent } = accent;
    format!("--accent:{accent};--accent-hover:{hover};--on-accent:{on_accent};--accent-soft:{soft}")
}

/// Our own tokens of one scheme, as the style sheet says them: its first block is the light one, the first within the query for
/// dark devices the dark one.
fn base(scheme: Scheme) -> String {
    let sheet = assets::get("x/lectern.css").map(|asset| asset.bytes).unwrap_or_default();
    let sheet = String::from_utf8_lossy(&sheet);
    let after = match scheme {
        Scheme::Light => sheet.as_ref(),
        Scheme::Dark => sheet.split_once("@media (prefers-color-scheme:dark){").map_or("", |(_, rest)| rest),
    };
    let block = after.split_once(":root{").and_then(|(_, rest)| rest.split_once('}'));
    block.map(|(tokens, _)| tokens.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn token(sheet: &str, name: &str) -> String {
        sheet.rsplit_once(&format!("{name}:")).unwrap().1.split([';', '}']).next().unwrap().to_owned()
    }

    #[test]
    fn a_scheme_brings_all_our_tokens_of_it_and_the_accent_after_them() {
        let dark = sheet(Some(Scheme::Dark), Some("#0e5e49".parse().unwrap()));
        assert_eq!(token(&dark, "color-scheme"), "dark");
        assert_eq!(token(&dark, "--surface"), "#18211D");
        assert_ne!(token(&dark, "--accent"), "#5CC9A4", "replaced");
        let light = sheet(Some(Scheme::Light), None);
        assert_eq!(
            (token(&light, "color-scheme").as_str(), token(&light, "--accent").as_str()),
            ("light", "#0E5E49")
        );
        assert_eq!(Scheme::Light.surface().to_string(), token(&light, "--surface").to_ascii_lowercase());
        assert_eq!(Scheme::Dark.surface().to_string(), token(&dark, "--surface").to_ascii_lowercase());
    }

    #[test]
    fn without_a_scheme_the_device_decides() {
        let auto = sheet(None, Some("#ffe600".parse().unwrap()));
        assert!(auto.contains("prefers-color-scheme:dark") && !auto.contains("--surface"), "{auto}");
        assert_eq!(token(&auto, "--accent"), "#ffe600", "a light colour stays one in the dark");
    }
}
