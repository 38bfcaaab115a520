//! Pages of a list: a usual and a largest size, an opaque token that belongs to its list and filter.

use serde_json::{Value, json};

use super::{errors::invalid, gateway::Call, world::World};
use crate::answer::Answer;

impl World {
    /// The page a call asks for; an empty list is `{}`. A size beyond the largest counts as the largest.
    pub(crate) fn page(
        &mut self,
        call: &Call,
        name: &str,
        (usual, largest): (usize, usize),
        rows: Vec<Value>,
    ) -> Result<Value, Answer> {
        let size = match call.query.get("pageSize").map(str::parse::<i64>) {
            None | Some(Ok(0)) => usual,
            Some(Ok(size @ 1..)) => usize::try_from(size).unwrap_or(largest).min(largest),
            Some(_) => return Err(invalid("page_size")),
        };
        let size = size.min(self.behaviour.longest_page);
        let list = format!(
            "{} {:?} {}",
            call.operation.id,
            call.params,
            call.query.get("filter").unwrap_or_default()
        );
        let start = match call.query.get("pageToken").filter(|token| !token.is_empty()) {
            None => 0,
            Some(token) => match self.pages.get(token) {
                Some((of, start)) if *of == list => *start,
                _ => return Err(invalid("page_token")),
            },
        };
        let total = rows.len();
        let page: Vec<_> = rows.into_iter().skip(start).take(size).collect();
        let mut body = json!({});
        if start + page.len() < total {
            let token = self.dice.token(32);
            self.pages.insert(token.clone(), (list, start + page.len()));
            body["nextPageToken"] = token.into();
        }
        if !page.is_empty() {
            body[name] = page.into();
        }
        if call.fields.as_ref().is_some_and(|mask| mask.names("totalSize")) {
            body["totalSize"] = total.into();
        }
        Ok(body)
    }
}
