//! Every operation that is served, by its id in Stripe's API description, and the parameters it takes.

#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) id: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) params: &'static [&'static str],
}

/// What a page may be made of, out of what Stripe knows.
const NEW_SESSION: &[&str] = &[
    "mode",
    "line_items[#][price_data][currency]",
    "line_items[#][price_data][unit_amount]",
    "line_items[#][price_data][product_data][name]",
    "line_items[#][price_data][product_data][description]",
    "line_items[#][quantity]",
    "customer_email",
    "client_reference_id",
    "metadata[*]",
    "success_url",
    "cancel_url",
    "expires_at",
    "payment_method_types[#]",
    "payment_intent_data[metadata][*]",
];
const NEW_REFUND: &[&str] = &["payment_intent", "charge", "amount", "reason", "metadata[*]"];

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation { id: "GetAccount", method: "GET", path: "/v1/account", params: &[] },
    Operation {
        id: "PostCheckoutSessions",
        method: "POST",
        path: "/v1/checkout/sessions",
        params: NEW_SESSION,
    },
    Operation {
        id: "GetCheckoutSessionsSession",
        method: "GET",
        path: "/v1/checkout/sessions/{}",
        params: &[],
    },
    Operation {
        id: "PostCheckoutSessionsSessionExpire",
        method: "POST",
        path: "/v1/checkout/sessions/{}/expire",
        params: &[],
    },
    Operation { id: "PostRefunds", method: "POST", path: "/v1/refunds", params: NEW_REFUND },
    Operation { id: "GetRefundsRefund", method: "GET", path: "/v1/refunds/{}", params: &[] },
];

/// The operation a call means, and the id in its path.
pub(crate) fn find(method: &str, path: &str) -> Option<(&'static Operation, String)> {
    OPERATIONS.iter().filter(|operation| operation.method == method).find_map(|operation| {
        let Some((before, after)) = operation.path.split_once("{}") else {
            return (operation.path == path).then(|| (operation, String::new()));
        };
        let id = path.strip_prefix(before)?.strip_suffix(after)?;
        (!id.is_empty() && !id.contains('/')).then(|| (operation, id.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_mean_operations() {
        let id = |method, path| find(method, path).map(|(operation, id)| (operation.id, id));
        assert_eq!(
            id("GET", "/v1/checkout/sessions/cs_1"),
            Some(("GetCheckoutSessionsSession", "cs_1".to_owned()))
        );
        let expire = Some(("PostCheckoutSessionsSessionExpire", "cs_1".to_owned()));
        assert_eq!(id("POST", "/v1/checkout/sessions/cs_1/expire"), expire);
        assert_eq!(id("GET", "/v1/checkout/sessions/"), None);
        assert_eq!(id("DELETE", "/v1/refunds/re_1"), None);
    }
}
