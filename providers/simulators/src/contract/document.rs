//! The loaded documents, what was found, and what was covered.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jsonschema::{Draft, Validator, error::ValidationErrorKind};
use serde_json::{Value, json};

use super::{
    deviations::{self, Deviation},
    discovery, inherit,
    strict::{close, generalize},
};

/// Names the folder with the vendors' documents.
const FOLDER_VARIABLE: &str = "LECTERN_VENDOR_SPECS";

/// Documents that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    /// The folder is named, but a file in it cannot be read.
    #[error("LECTERN_VENDOR_SPECS: {path} cannot be read: {source}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("{what} is not usable: {why}")]
    Malformed {
        /// Which.
        what: String,
        /// Why.
        why: String,
    },
}

/// Something the document does not allow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The operation id or the event's name.
    pub operation: String,
    /// Where: the form of a deviation's pointer.
    pub pointer: String,
    /// What is wrong there.
    pub what: String,
}

/// One operation of an OpenAPI document.
#[derive(Debug)]
pub(crate) struct DocumentedOperation {
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) segments: Vec<String>,
    /// Query parameters: name and schema.
    pub(crate) query: BTreeMap<String, Value>,
    pub(crate) body: Option<(bool, Value)>,
    /// Schemas of the JSON answers by status, or by its first digit; `None` for an answer without body.
    pub(crate) answers: BTreeMap<u16, Option<Value>>,
}

#[derive(Debug, Default)]
struct Found {
    violations: BTreeSet<Violation>,
    operations: BTreeSet<String>,
    events: BTreeSet<String>,
    deviations: BTreeSet<usize>,
    checked: u64,
}

/// A vendor's documents, ready to check traffic against. Shared by the simulator and the client under test.
pub struct Contract {
    pub(crate) operations: Vec<DocumentedOperation>,
    components: Value,
    events: Value,
    deviations: Vec<Deviation>,
    /// What goes before the document's paths.
    pub(crate) bases: &'static [&'static str],
    validators: Mutex<BTreeMap<String, Arc<Validator>>>,
    found: Mutex<Found>,
}

impl std::fmt::Debug for Contract {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contract").field("operations", &self.operations.len()).finish_non_exhaustive()
    }
}

fn json_file(path: &Path) -> Result<Value, ContractError> {
    let text = fs::read_to_string(path)
        .map_err(|source| ContractError::Unreadable { path: path.to_owned(), source })?;
    serde_json::from_str(&text).map_err(|error| ContractError::Malformed {
        what: path.display().to_string(),
        why: error.to_string(),
    })
}

impl Contract {
    /// Zoom's documents in the folder that `LECTERN_VENDOR_SPECS` names. `None`, said loudly, where it is unset.
    ///
    /// # Errors
    /// [`ContractError`] when it is set and the documents cannot be used.
    pub fn zoom_from_environment() -> Result<Option<Arc<Self>>, ContractError> {
        match std::env::var_os(FOLDER_VARIABLE) {
            Some(folder) => {
                Self::zoom(&PathBuf::from(folder).join("zoom")).map(|contract| Some(Arc::new(contract)))
            }
            None => {
                eprintln!("SKIPPED: contract checks against Zoom's documents ({FOLDER_VARIABLE} is not set)");
                Ok(None)
            }
        }
    }

    /// Zoom's documents in this folder: `openapi.json` and `webhook-events.schema.json`.
    ///
    /// # Errors
    /// [`ContractError`].
    pub fn zoom(folder: &Path) -> Result<Self, ContractError> {
        let openapi = json_file(&folder.join("openapi.json"))?;
        let events = json_file(&folder.join("webhook-events.schema.json"))?;
        Self::new(openapi, events, include_str!("deviations.toml"))
    }

    /// The subset of Graph's document in the folder that `LECTERN_VENDOR_SPECS` names. `None`, said loudly, where it is unset.
    ///
    /// # Errors
    /// [`ContractError`] when it is set and the document cannot be used.
    pub fn teams_from_environment() -> Result<Option<Arc<Self>>, ContractError> {
        let Some(folder) = std::env::var_os(FOLDER_VARIABLE) else {
            eprintln!("SKIPPED: contract checks against Graph's document ({FOLDER_VARIABLE} is not set)");
            return Ok(None);
        };
        Self::teams(&PathBuf::from(folder).join("teams")).map(|contract| Some(Arc::new(contract)))
    }

    /// Graph's document in this folder: `graph-v1.0-teams-subset.openapi.json`. It has no types for events.
    ///
    /// # Errors
    /// [`ContractError`].
    pub fn teams(folder: &Path) -> Result<Self, ContractError> {
        let openapi = json_file(&folder.join("graph-v1.0-teams-subset.openapi.json"))?;
        let list = include_str!("teams-deviations.toml");
        // Subscriptions have one shape in both faces of Graph.
        let mut contract = Self::new(inherit::plain(openapi), Value::Null, list)?;
        contract.bases = &["/v1.0", "/beta"];
        Ok(contract)
    }

    /// Google's documents in the folder that `LECTERN_VENDOR_SPECS` names. `None`, said loudly, where it is unset.
    ///
    /// # Errors
    /// [`ContractError`] when it is set and the documents cannot be used.
    pub fn google_from_environment() -> Result<Option<Arc<Self>>, ContractError> {
        let Some(folder) = std::env::var_os(FOLDER_VARIABLE) else {
            eprintln!("SKIPPED: contract checks against Google's documents ({FOLDER_VARIABLE} is not set)");
            return Ok(None);
        };
        Self::google(&PathBuf::from(folder).join("meet")).map(|contract| Some(Arc::new(contract)))
    }

    /// Google's discovery documents in this folder, each API by itself and its paths whole: one host serves them all here.
    ///
    /// # Errors
    /// [`ContractError`].
    pub fn google(folder: &Path) -> Result<Self, ContractError> {
        let documents = discovery::FILES
            .iter()
            .map(|name| json_file(&folder.join(name)))
            .collect::<Result<Vec<_>, _>>()?;
        let list = include_str!("google-deviations.toml");
        let mut contract = Self::new(discovery::openapi(&documents), Value::Null, list)?;
        contract.bases = &[""];
        Ok(contract)
    }

    /// From documents already read; `list` is the text of a list of deviations.
    ///
    /// # Errors
    /// [`ContractError::Malformed`].
    pub fn new(mut openapi: Value, events: Value, list: &str) -> Result<Self, ContractError> {
        let malformed = |what: &str, why: String| ContractError::Malformed { what: what.to_owned(), why };
        let deviations =
            deviations::read(list).map_err(|error| malformed("deviations.toml", error.to_string()))?;
        close(&mut openapi["components"]["schemas"]);
        let paths = openapi["paths"]
            .as_object()
            .ok_or_else(|| malformed("openapi.json", "it has no paths".to_owned()))?;
        let mut operations = Vec::new();
        for (path, methods) in paths {
            for (method, operation) in methods.as_object().into_iter().flatten() {
                if let Some(id) = operation["operationId"].as_str() {
                    operations.push(DocumentedOperation::read(id, method, path, operation));
                }
            }
        }
        if operations.is_empty() {
            return Err(malformed("openapi.json", "it has no operations".to_owned()));
        }
        Ok(Self {
            operations,
            components: openapi["components"].clone(),
            events,
            deviations,
            bases: &["/v2"],
            validators: Mutex::new(BTreeMap::new()),
            found: Mutex::new(Found::default()),
        })
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Files a difference, unless it is an accepted one.
    pub(crate) fn differs(&self, operation: &str, pointer: String, what: String) {
        let mut found = self.found();
        match self.deviations.iter().position(|deviation| deviation.covers(operation, &pointer)) {
            Some(index) => {
                found.deviations.insert(index);
            }
            None => {
                found.violations.insert(Violation { operation: operation.to_owned(), pointer, what });
            }
        }
    }

    pub(crate) fn covered(&self, operation: &str) {
        let mut found = self.found();
        found.checked += 1;
        found.operations.insert(operation.to_owned());
    }

    /// The compiled validator of a schema; `name` is its key.
    fn validator(&self, name: String, schema: impl FnOnce() -> Value) -> Option<Arc<Validator>> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = validators.get(&name) {
            return Some(Arc::clone(known));
        }
        let built = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .with_format("date-time", either_date_time)
            .build(&schema());
        match built {
            Ok(validator) => {
                let validator = Arc::new(validator);
                validators.insert(name, Arc::clone(&validator));
                Some(validator)
            }
            Err(error) => {
                drop(validators);
                self.differs(
                    &name,
                    "schema".to_owned(),
                    format!("the document's schema does not compile: {error}"),
                );
                None
            }
        }
    }

    /// Checks a JSON body against a schema of the OpenAPI document.
    pub(crate) fn check_body(&self, operation: &str, place: &str, key: &str, schema: &Value, body: &Value) {
        let whole = || {
            let mut whole = schema.clone();
            close(&mut whole);
            whole["components"] = self.components.clone();
            whole
        };
        if let Some(validator) = self.validator(format!("{operation} {key}"), whole) {
            self.report_errors(operation, place, &validator, body);
        }
    }

    fn report_errors(&self, operation: &str, place: &str, validator: &Validator, body: &Value) {
        for error in validator.iter_errors(body) {
            let at = generalize(error.instance_path().as_str());
            match error.kind() {
                ValidationErrorKind::AdditionalProperties { unexpected } => {
                    // OData's annotations may stand anywhere.
                    for name in unexpected.iter().filter(|name| !name.contains("@odata.")) {
                        self.differs(
                            operation,
                            format!("{place}:{at}/{name}"),
                            "the document does not know this field".to_owned(),
                        );
                    }
                }
                _ => self.differs(operation, format!("{place}:{at}"), error.to_string()),
            }
        }
    }

    /// Checks a webhook's body. Unknown fields are allowed there: the document leaves its events open.
    pub fn check_webhook(&self, body: &[u8]) {
        let Ok(body) = serde_json::from_slice::<Value>(body) else {
            self.differs("webhook", "webhook:".to_owned(), "not JSON".to_owned());
            return;
        };
        let name = body["event"].as_str().unwrap_or_default();
        {
            let mut found = self.found();
            found.checked += 1;
            found.events.insert(name.to_owned());
        }
        if self.events["definitions"].get(name).is_none() {
            self.differs(name, "event".to_owned(), "the document does not know this event".to_owned());
            return;
        }
        let schema = || {
            let reference = format!("#/definitions/{}", name.replace('~', "~0").replace('/', "~1"));
            json!({ "$ref": reference, "definitions": self.events["definitions"] })
        };
        if let Some(validator) = self.validator(format!("event {name}"), schema) {
            self.report_errors(name, "webhook", &validator, &body);
        }
    }

    /// Everything found so far that no deviation accepts.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.found().violations.iter().cloned().collect()
    }

    /// Accepted deviations that nothing has shown so far.
    #[must_use]
    pub fn unused_deviations(&self) -> Vec<Deviation> {
        let found = self.found();
        self.deviations
            .iter()
            .enumerate()
            .filter(|(index, _)| !found.deviations.contains(index))
            .map(|(_, deviation)| deviation.clone())
            .collect()
    }

    /// Operations seen, and operations known.
    #[must_use]
    pub fn coverage(&self) -> (usize, usize) {
        (self.found().operations.len(), self.operations.len())
    }

    /// The operations of the document that nobody called, by name.
    #[must_use]
    pub fn uncalled(&self) -> Vec<String> {
        let found = self.found();
        let ids = self.operations.iter().map(|operation| operation.id.clone());
        let mut missing: Vec<_> = ids.filter(|id| !found.operations.contains(id)).collect();
        missing.sort();
        missing
    }

    /// Coverage and differences, for people.
    #[must_use]
    pub fn report(&self) -> String {
        let (seen, known) = self.coverage();
        let found = self.found();
        let mut text = format!(
            "contract: {seen} of {known} operations and {} kinds of events seen in {} checks, {} differences\n",
            found.events.len(),
            found.checked,
            found.violations.len(),
        );
        for violation in &found.violations {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  {} {}: {}", violation.operation, violation.pointer, violation.what);
        }
        drop(found);
        let missing = self.uncalled();
        if !missing.is_empty() {
            let _ = writeln!(text, "  never called: {}", missing.join(", "));
        }
        text
    }
}

/// Zoom's start times may be local, without an offset.
fn either_date_time(text: &str) -> bool {
    chrono::DateTime::parse_from_rfc3339(text).is_ok()
        || chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S").is_ok()
}
