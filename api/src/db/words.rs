use lectern_core::sentence::Sentence;
use sqlx::types::Json;

/// What a table says is wrong: with its words for other languages; in English alone where there are none.
pub fn in_words(english: Option<String>, words: Option<Json<Sentence>>) -> Option<Sentence> {
    words.map(|words| words.0).or_else(|| english.map(Sentence::from))
}
