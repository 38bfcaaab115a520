//! Pages of a list: 30 rows unless asked, 300 at most, an opaque token that lives fifteen minutes.

use chrono::Duration;
use serde_json::{Value, json};

use super::{answer::Answer, api::Call, world::World};

impl World {
    /// The page a call asks for. `list` names the list, so that a token of one list is refused by another.
    pub(crate) fn page(
        &mut self,
        call: &Call,
        list: &str,
        name: &str,
        rows: Vec<Value>,
    ) -> Result<Answer, Answer> {
        let size = match call.query.get("page_size").map(str::parse::<usize>) {
            None => 30,
            Some(Ok(size @ 1..=300)) => size,
            Some(_) => return Err(Answer::invalid("page_size", "Invalid field.")),
        };
        let start = match call.query.get("next_page_token").filter(|token| !token.is_empty()) {
            None => 0,
            Some(token) => match self.pages.get(token) {
                Some((of, start, until)) if of == list && call.now < *until => *start,
                _ => return Err(Answer::error(400, 300, "The next page token is invalid or expired.")),
            },
        };
        let size = size.min(self.behaviour.longest_page);
        let total = rows.len();
        let page = rows.into_iter().skip(start).take(size).collect::<Vec<_>>();
        let next = if start + page.len() < total {
            let token = self.dice.token(32);
            self.pages.insert(
                token.clone(),
                (list.to_owned(), start + page.len(), call.now + Duration::minutes(15)),
            );
            token
        } else {
            String::new()
        };
        let mut body = json!({ "page_size": size, "page_count": total.div_ceil(size), "total_records": total, "next_page_token": next });
        body[name] = page.into();
        Ok(Answer::json(200, body))
    }
}
