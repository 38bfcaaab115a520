//! Somebody else's colour, made readable: an organization's or a host application's accent on our pages.
//!
//! Luminance and contrast are WCAG 2.2's. A colour is moved in OKLCH, where lightness can change and the hue stays what the
//! eye saw: <https://www.w3.org/TR/css-color-4/#color-conversion-code>.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What text needs against what it stands on.
pub const TEXT_CONTRAST: f64 = 4.5;

const WHITE: Colour = Colour { red: 255, green: 255, blue: 255 };
const BLACK: Colour = Colour { red: 0, green: 0, blue: 0 };
/// How finely lightness is tried.
const STEPS: u32 = 400;

/// A colour of a screen, written `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

/// A text that is no `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a colour: six hexadecimal digits behind a number sign, like #0E5E49")]
pub struct NoColour;

impl FromStr for Colour {
    type Err = NoColour;

    fn from_str(text: &str) -> Result<Self, NoColour> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or(NoColour)?;
        let mut bytes = [0; 3];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| NoColour)?;
        let [red, green, blue] = bytes;
        Ok(Self { red, green, blue })
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

impl Colour {
    /// How much light it gives, 0 to 1.
    #[must_use]
    pub fn relative_luminance(self) -> f64 {
        let [red, green, blue] = self.linear();
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// How well one can be read on the other, 1 to 21; the same both ways round.
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.relative_luminance(), other.relative_luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// The nearest colour of this hue that text on this surface may have: itself if it can be read there, else darker, or
    /// lighter on a dark surface, and never further than needed. Always at least [`TEXT_CONTRAST`].
    #[must_use]
    pub fn readable_on(self, surface: Self) -> Self {
        let readable = |colour: &Self| colour.contrast(surface) >= TEXT_CONTRAST;
        if readable(&self) {
            return self;
        }
        // One of the two always can be read: their contrasts with any surface multiply to 21.
        let end = if WHITE.contrast(surface) > BLACK.contrast(surface) { WHITE } else { BLACK };
        let from = Oklch::of(self);
        let to = if end == WHITE { 1.0 } else { 0.0 };
        (1..STEPS)
            .map(|step| from.at(from.lightness + (to - from.lightness) * f64::from(step) / f64::from(STEPS)))
            .map(Oklch::colour)
            .find(readable)
            .unwrap_or(end)
    }

    fn linear(self) -> [f64; 3] {
        [self.red, self.green, self.blue].map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        })
    }
}

/// Whether pages are light or dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Dark text on white.
    Light,
    /// Light text on a dark ground.
    Dark,
}

impl Scheme {
    /// What cards are made of.
    #[must_use]
    pub const fn surface(self) -> Colour {
        match self {
            Self::Light => WHITE,
            Self::Dark => Colour { red: 0x18, green: 0x21, blue: 0x1d },
        }
    }
}

/// What an accent becomes in one scheme: the tokens that replace the pages' own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accent {
    /// Buttons, what is chosen, presence. Text of this colour can be read on the surface, on paper, in a well and on `soft`.
    pub accent: Colour,
    /// A button under the pointer.
    pub hover: Colour,
    /// The ground of a chosen card.
    pub soft: Colour,
    /// Text on `accent` and on `hover`.
    pub on_accent: Colour,
}

impl Accent {
    /// Derived from any colour: its hue stays, everything can be read.
    #[must_use]
    pub fn of(colour: Colour, scheme: Scheme) -> Self {
        let asked = Oklch::of(colour);
        let tint = |lightness, chroma: f64| Oklch { lightness, chroma: asked.chroma.min(chroma), ..asked };
        let (soft, further) = match scheme {
            Scheme::Light => (tint(0.93, 0.03), -0.07),
            Scheme::Dark => (tint(0.32, 0.05), 0.07),
        };
        // Of all grounds the soft one is the nearest to the accent, so what can be read there can be read on each.
        let soft = soft.colour();
        let accent = colour.readable_on(soft).readable_on(scheme.surface());
        let moved = Oklch::of(accent);
        let hover = moved.at((moved.lightness + further).clamp(0.0, 1.0)).colour();
        let on_accent = match scheme {
            Scheme::Light => WHITE,
            Scheme::Dark => tint(0.24, 0.04).colour(),
        };
        Self { accent, hover, soft, on_accent: on_accent.readable_on(accent) }
    }
}

/// Lightness, chroma and the hue as two parts of its direction.
#[derive(Clone, Copy, Debug)]
struct Oklch {
    lightness: f64,
    chroma: f64,
    hue: (f64, f64),
}

impl Oklch {
    fn of(colour: Colour) -> Self {
        let [red, green, blue] = colour.linear();
        let long = (0.412_221_470_8 * red + 0.536_332_536_3 * green + 0.051_445_992_9 * blue).cbrt();
        let middle = (0.211_903_498_2 * red + 0.680_699_545_1 * green + 0.107_396_956_6 * blue).cbrt();
        let short = (0.088_302_461_9 * red + 0.281_718_837_6 * green + 0.629_978_700_5 * blue).cbrt();
        let lightness = 0.210_454_255_3 * long + 0.793_617_785_0 * middle - 0.004_072_046_8 * short;
        let a = 1.977_998_495_1 * long - 2.428_592_205_0 * middle + 0.450_593_709_9 * short;
        let b = 0.025_904_037_1 * long + 0.782_771_766_2 * middle - 0.808_675_766_0 * short;
        let chroma = a.hypot(b);
        // A grey has no hue: what rounding leaves must not become one in a lighter grey.
        if chroma < 1e-4 {
            return Self { lightness, chroma: 0.0, hue: (1.0, 0.0) };
        }
        Self { lightness, chroma, hue: (a / chroma, b / chroma) }
    }

    const fn at(self, lightness: f64) -> Self {
        Self { lightness, ..self }
    }

    /// The screen's colour: with this lightness and hue, and as much of the chroma as a screen can show there.
    fn colour(self) -> Colour {
        let shown = |linear: &[f64; 3]| linear.iter().all(|part| (-1e-6..=1.000_001).contains(part));
        let mut linear = self.linear();
        if !shown(&linear) {
            let (mut least, mut most) = (0.0, self.chroma);
            for _ in 0..24 {
                let chroma = f64::midpoint(least, most);
                if shown(&Self { chroma, ..self }.linear()) {
                    least = chroma;
                } else {
                    most = chroma;
                }
            }
            linear = Self { chroma: least, ..self }.linear();
        }
        let [red, green, blue] = linear.map(|part| {
            let part = part.clamp(0.0, 1.0);
            let part = if part <= 0.003_130_8 { part * 12.92 } else { 1.055 * part.powf(1.0 / 2.4) - 0.055 };
            (part * 255.0).round() as u8
        });
        Colour { red, green, blue }
    }

    fn linear(self) -> [f64; 3] {
        let (a, b) = (self.chroma * self.hue.0, self.chroma * self.hue.1);
        let long = (self.lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
        let middle = (self.lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
        let short = (self.lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
        [
            4.076_741_662_1 * long - 3.307_711_591_3 * middle + 0.230_969_929_2 * short,
            -1.268_438_004_6 * long + 2.609_757_401_1 * middle - 0.341_319_396_5 * short,
            -0.004_196_086_3 * long - 0.703_418_614_7 * middle + 1.707_614_701_0 * short,
        ]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn named(text: &str) -> Colour {
        text.parse().unwrap()
    }

    fn any_colour() -> impl Strategy<Value = Colour> {
        any::<[u8; 3]>().prop_map(|[red, green, blue]| Colour { red, green, blue })
    }

    #[test]
    fn contrast_is_what_the_standard_says() {
        assert!((named("#000000").contrast(WHITE) - 21.0).abs() < 1e-9);
        // A known pair: the lightest grey that text on white may have.
        assert!(named("#767676").contrast(WHITE) >= TEXT_CONTRAST);
        assert!(named("#777777").contrast(WHITE) < TEXT_CONTRAST);
    }

    #[test]
    fn only_six_digits_behind_a_number_sign_are_a_colour() {
        for text in ["", "#", "0e5e49", "#0e5e4", "#0e5e499", "#0e5e4g", "#+e5e49", "red", "#ααα", " #0e5e49"]
        {
            assert_eq!(text.parse::<Colour>(), Err(NoColour), "{text}");
        }
        assert_eq!(named("#0E5E49").to_string(), "#0e5e49");
    }

    #[test]
    fn a_colour_that_can_be_read_stays_what_it_is() {
        assert_eq!(Accent::of(named("#0e5e49"), Scheme::Light).accent, named("#0e5e49"));
        assert_eq!(Accent::of(named("#5cc9a4"), Scheme::Dark).accent, named("#5cc9a4"));
    }

    #[test]
    fn a_light_yellow_turns_dark_and_a_dark_blue_light() {
        let yellow = named("#ffe600").readable_on(Scheme::Light.surface());
        assert!(yellow.red > yellow.blue && yellow.green > yellow.blue, "{yellow} is still a yellow");
        let blue = named("#000080").readable_on(Scheme::Dark.surface());
        assert!(blue.blue > blue.red && blue.blue > blue.green, "{blue} is still a blue");
        assert!(named("#808080").readable_on(WHITE).red <= 0x76);
    }

    proptest! {
        #[test]
        fn any_colour_becomes_readable_on_any_surface(colour in any_colour(), surface in any_colour()) {
            prop_assert!(colour.readable_on(surface).contrast(surface) >= TEXT_CONTRAST);
        }

        #[test]
        fn an_accent_can_be_read_wherever_it_stands(colour in any_colour(), dark in any::<bool>()) {
            let (scheme, grounds) = if dark {
                (Scheme::Dark, ["#0f1613", "#18211d", "#0a100d"])
            } else {
                (Scheme::Light, ["#f4f7f5", "#ffffff", "#eaefec"])
            };
            let derived = Accent::of(colour, scheme);
            for ground in grounds.map(named).into_iter().chain([derived.soft, derived.on_accent]) {
                prop_assert!(derived.accent.contrast(ground) >= TEXT_CONTRAST, "{derived:?} on {ground}");
            }
            prop_assert!(derived.hover.contrast(derived.on_accent) >= TEXT_CONTRAST, "{derived:?}");
        }

        #[test]
        fn the_hue_stays(colour in any_colour()) {
            let (before, after) = (Oklch::of(colour), Oklch::of(colour.readable_on(WHITE)));
            // Where there is a hue to speak of; eight bits a part leave some room.
            prop_assume!(before.chroma > 0.05 && after.chroma > 0.05);
            let cosine = before.hue.0 * after.hue.0 + before.hue.1 * after.hue.1;
            prop_assert!(cosine > 0.99, "{colour} turned {cosine}");
        }

        #[test]
        fn a_colour_comes_back_from_oklch(colour in any_colour()) {
            prop_assert_eq!(Oklch::of(colour).colour(), colour);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,12}") {
            if let Ok(colour) = text.parse::<Colour>() {
                prop_assert_eq!(colour.to_string(), text.to_ascii_lowercase());
            }
        }
    }
}
