//! Which currencies there are, how many digits they have, and the least that can be paid.
//!
//! Source: docs.stripe.com/currencies. For a currency without a least amount of its own Stripe converts into the account's; that is
//! not done here: any positive amount passes (unverified how much Stripe asks for).

use super::errors::{self, Refusal};

/// Amounts are whole units.
const ZERO_DECIMAL: &[&str] = &[
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf",
];
/// Three digits, of which the last must be 0.
const THREE_DECIMAL: &[&str] = &["bhd", "jod", "kwd", "omr", "tnd"];
/// Written with two digits that must be 0.
const WHOLE: &[&str] = &["isk", "ugx"];

const OTHERS: &[&str] = &[
    "usd", "aed", "afn", "all", "amd", "ang", "aoa", "ars", "aud", "awg", "azn", "bam", "bbd", "bdt", "bgn",
    "bmd", "bnd", "bob", "brl", "bsd", "bwp", "byn", "bzd", "cad", "cdf", "chf", "cny", "cop", "crc", "cve",
    "czk", "dkk", "dop", "dzd", "egp", "etb", "eur", "fjd", "fkp", "gbp", "gel", "gip", "gmd", "gtq", "gyd",
    "hkd", "hnl", "htg", "huf", "idr", "ils", "inr", "jmd", "kes", "kgs", "khr", "kyd", "kzt", "lak", "lbp",
    "lkr", "lrd", "lsl", "mad", "mdl", "mkd", "mmk", "mnt", "mop", "mur", "mvr", "mwk", "mxn", "myr", "mzn",
    "nad", "ngn", "nio", "nok", "npr", "nzd", "pab", "pen", "pgk", "php", "pkr", "pln", "qar", "ron", "rsd",
    "rub", "sar", "sbd", "scr", "sek", "sgd", "shp", "sle", "sos", "srd", "std", "szl", "thb", "tjs", "top",
    "try", "ttd", "twd", "tzs", "uah", "uyu", "uzs", "wst", "xcd", "yer", "zar", "zmw",
];

/// The least amounts that Stripe lists.
const LEAST: &[(&str, i64)] = &[
    ("usd", 50),
    ("aed", 200),
    ("aud", 50),
    ("bgn", 100),
    ("brl", 50),
    ("cad", 50),
    ("chf", 50),
    ("czk", 1500),
    ("dkk", 250),
    ("eur", 50),
    ("gbp", 30),
    ("hkd", 400),
    ("huf", 17_500),
    ("inr", 50),
    ("jpy", 50),
    ("mxn", 1000),
    ("myr", 200),
    ("nok", 300),
    ("nzd", 50),
    ("pln", 200),
    ("ron", 200),
    ("sek", 300),
    ("sgd", 50),
    ("thb", 1000),
];

/// Eight digits, for most currencies.
const MOST: i64 = 99_999_999;

/// The currency's word, in lower case.
pub(crate) fn known(param: &str, text: &str) -> Result<String, Refusal> {
    let word = text.to_ascii_lowercase();
    let lists = [OTHERS, ZERO_DECIMAL, THREE_DECIMAL, WHOLE];
    if lists.iter().any(|list| list.contains(&word.as_str())) {
        return Ok(word);
    }
    let all = lists.concat().join(", ");
    let message = format!("Invalid currency: {word}. Stripe currently supports these currencies: {all}");
    Err(errors::invalid(None, Some(param), message))
}

/// An amount as a person reads it: `$20.00`, `¥500`, `20.00 PLN`.
pub(crate) fn shown(amount: i64, currency: &str) -> String {
    let number = if ZERO_DECIMAL.contains(&currency) {
        amount.to_string()
    } else if THREE_DECIMAL.contains(&currency) {
        format!("{}.{:03}", amount / 1000, amount % 1000)
    } else {
        format!("{}.{:02}", amount / 100, amount % 100)
    };
    match currency {
        "usd" | "aud" | "cad" | "hkd" | "nzd" | "sgd" => format!("${number}"),
        "eur" => format!("€{number}"),
        "gbp" => format!("£{number}"),
        "jpy" => format!("¥{number}"),
        other => format!("{number} {}", other.to_ascii_uppercase()),
    }
}

/// Whether a page may ask for this much.
pub(crate) fn payable(amount: i64, currency: &str) -> Result<(), Refusal> {
    let least = LEAST.iter().find(|(word, _)| *word == currency).map_or(1, |(_, least)| *least);
    if amount < least {
        let least = shown(least, currency);
        let message =
            format!("The Checkout Session's total amount due must add up to at least {least} {currency}");
        return Err(errors::invalid(Some("amount_too_small"), None, message).begun());
    }
    if amount > MOST {
        let most = shown(MOST, currency);
        let message =
            format!("The Checkout Session's total amount due must be no more than {most} {currency}");
        return Err(errors::invalid(Some("amount_too_large"), None, message).begun());
    }
    let odd = THREE_DECIMAL.contains(&currency) && amount % 10 != 0
        || WHOLE.contains(&currency) && amount % 100 != 0;
    if odd {
        let message = format!("Invalid amount: {currency} cannot be paid in such small parts.");
        return Err(errors::invalid(Some("invalid_charge_amount"), None, message).begun());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_least_amounts() {
        assert_eq!(shown(2000, "usd"), "$20.00");
        assert_eq!(shown(500, "jpy"), "¥500");
        assert_eq!(shown(500, "krw"), "500 KRW");
        assert_eq!(shown(150_005, "bdt"), "1500.05 BDT");
        assert!(payable(50, "jpy").is_ok() && payable(49, "jpy").is_err());
        assert!(payable(29, "gbp").is_err() && payable(30, "gbp").is_ok() && payable(0, "bdt").is_err());
        assert!(payable(100_000_000, "eur").is_err());
        assert!(
            payable(1005, "kwd").is_err() && payable(150, "isk").is_err() && payable(1010, "kwd").is_ok()
        );
        assert!(
            known("currency", "BDT").is_ok_and(|word| word == "bdt") && known("currency", "xyz").is_err()
        );
    }
}
