use std::{net::IpAddr, net::SocketAddr, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use reqwest::{
    Client,
    dns::{Name, Resolve, Resolving},
    header::{HeaderName, HeaderValue, RETRY_AFTER},
    redirect,
};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::{
    Failure, FailureKind, TransportBroken,
    address::{called, check, is_public},
    http::failure,
};

const CONNECT: Duration = Duration::from_secs(5);

/// Turns a name into addresses.
type LookUp = Arc<dyn Fn(String) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// Posts to addresses that an organization chose, so it trusts none of them: https and public addresses only, but for the
/// hosts the operator named; the addresses a name leads to are judged when the connection is made, and no redirect is
/// followed.
#[derive(Clone, Debug)]
pub struct Courier {
    client: Client,
    /// `host` or `host:port`, in small letters.
    private: Arc<[String]>,
    before_each: fn(),
}

/// What a receiver answered.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// HTTP status.
    pub status: u16,
    /// When it wants to be asked again, as it says it.
    pub retry_after: Option<String>,
    /// The beginning of its answer; the rest was not read.
    pub body: Bytes,
}

fn is_listed(private: &[String], host: &str) -> bool {
    private
        .iter()
        .any(|listed| listed == host || listed.rsplit_once(':').is_some_and(|(name, _)| name == host))
}

struct Chosen {
    private: Arc<[String]>,
    look_up: LookUp,
}

impl Resolve for Chosen {
    fn resolve(&self, name: Name) -> Resolving {
        let by_choice = is_listed(&self.private, &name.as_str().to_ascii_lowercase());
        let found = (self.look_up)(name.as_str().to_owned());
        Box::pin(async move {
            called(found.await?.into_iter(), |address: IpAddr| by_choice || is_public(address))
        })
    }
}

impl Courier {
    /// A courier that also goes to these hosts, over http too: `host` or `host:port`.
    ///
    /// # Errors
    /// When the machine's certificates are unusable.
    pub fn new(private: &[String], before_each: fn()) -> Result<Self, TransportBroken> {
        Self::with(
            private,
            before_each,
            Arc::new(|name| {
                Box::pin(async move { Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect()) })
            }),
        )
    }

    fn with(private: &[String], before_each: fn(), look_up: LookUp) -> Result<Self, TransportBroken> {
        let private: Arc<[String]> = private.iter().map(|host| host.to_ascii_lowercase()).collect();
        let client = Client::builder()
            .user_agent(concat!("lectern/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .dns_resolver(Chosen { private: Arc::clone(&private), look_up })
            .connect_timeout(CONNECT)
            .pool_max_idle_per_host(2)
            .pool_idle_timeout(Duration::from_secs(30))
            .build()
            .map_err(TransportBroken)?;
        Ok(Self { client, private, before_each })
    }

    /// Whether an address is one we call. A name is judged again when a connection is made.
    ///
    /// # Errors
    /// The reason, in words for whoever chose it.
    pub fn check(&self, url: &Url) -> Result<(), &'static str> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err("an address with a user name in it is never called");
        }
        let Some(host) = url.host_str() else { return Err("the address has no host") };
        let port = url.port_or_known_default().unwrap_or_default();
        let place = format!("{host}:{port}");
        if self.private.iter().any(|listed| listed == host || *listed == place) {
            return match url.scheme() {
                "http" | "https" => Ok(()),
                _ => Err("only https is called"),
            };
        }
        if is_listed(&self.private, host) {
            return Err("this host is called at another port only");
        }
        check(url, false)
    }

    /// Posts once and reads at most so much of the answer, all within the limit.
    ///
    /// # Errors
    /// [`Failure`] when there is no answer.
    pub async fn post(
        &self,
        url: &Url,
        headers: &[(HeaderName, HeaderValue)],
        body: Bytes,
        limit: Duration,
        most: usize,
    ) -> Result<Receipt, Failure> {
        (self.before_each)();
        self.check(url).map_err(|reason| Failure::new(FailureKind::Forbidden(reason)))?;
        let mut request = self.client.post(url.clone()).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let until = Instant::now() + limit;
        let mut answer = timeout_at(until, request.send())
            .await
            .map_err(|_| Failure::after_sending(FailureKind::TimedOut))?
            .map_err(failure)?;
        let status = answer.status().as_u16();
        let retry_after =
            answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut body = BytesMut::new();
        // The status is the answer; a body that breaks off or does not come takes nothing from it.
        while let Ok(Ok(Some(chunk))) = timeout_at(until, answer.chunk()).await {
            let room = most - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if body.len() == most {
                break;
            }
        }
        Ok(Receipt { status, retry_after, body: body.freeze() })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::{net::TcpListener, time::timeout};

    use super::*;

    fn courier(private: &[&str]) -> Courier {
        let private: Vec<String> = private.iter().map(|host| (*host).to_owned()).collect();
        Courier::new(&private, || {}).unwrap()
    }

    #[test]
    fn only_what_the_operator_named_is_called_inside() {
        let ok = |private: &[&str], url: &str| courier(private).check(&Url::parse(url).unwrap()).is_ok();
        assert!(ok(&[], "https://hooks.school.example/lectern?key=1"));
        for bad in [
            "http://hooks.school.example/",
            "https://user@hooks.school.example/",
            "https://:secret@hooks.school.example/",
            "https://127.0.0.1/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::1]/",
            "https://[fd00:ec2::254]/",
            "https://[fe80::1]/",
            "https://localhost/",
            "https://169.254.169.254/latest/meta-data",
            "https://10.0.0.1/",
            "https://100.64.0.1/",
            "https://192.168.1.1/",
            "https://224.0.0.1/",
            "https://2130706433/",
            "https://0177.0.0.1/",
            "https://0x7f.1/",
            "https://127.1/",
            "https://127.0.0.1./",
            "ftp://hooks.school.example/",
            "file:///etc/passwd",
        ] {
            assert!(!ok(&[], bad), "{bad}");
        }
        assert!(ok(&["127.0.0.1"], "http://127.0.0.1:8080/"));
        assert!(ok(&["127.0.0.1:8080"], "http://127.0.0.1:8080/"));
        assert!(!ok(&["127.0.0.1:8080"], "http://127.0.0.1:8081/"));
        assert!(ok(&["portal.school.example:8443"], "https://portal.school.example:8443/"));
        assert!(!ok(&["portal.school.example:8443"], "https://portal.school.example/"));
        assert!(ok(&["portal.school.example"], "http://portal.school.example/"));
        assert!(!ok(&["127.0.0.1"], "http://u@127.0.0.1/"));
        assert!(!ok(&["127.0.0.1"], "http://127.0.0.2/"));
    }

    fn looking_up(answers: [&'static str; 2]) -> (LookUp, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let look_up: LookUp = Arc::new(move |_| {
            let number = counter.fetch_add(1, Ordering::SeqCst);
            let address = answers[number.min(1)].parse().unwrap();
            Box::pin(async move { Ok(vec![address, "[::ffff:127.0.0.1]:0".parse().unwrap()]) })
        });
        (look_up, asked)
    }

    /// S-27: each connection has its own look-up, and only what of it is public is connected to.
    #[tokio::test]
    async fn s27_a_name_that_flips_is_not_followed_inside() {
        let (look_up, _) = looking_up(["8.8.8.8:0", "127.0.0.1:0"]);
        let resolver = Chosen { private: Arc::new([]), look_up };
        let name = || "flips.example".parse::<Name>().unwrap();
        let first: Vec<_> = resolver.resolve(name()).await.unwrap().collect();
        assert_eq!(first, ["8.8.8.8:0".parse().unwrap()]);
        assert!(resolver.resolve(name()).await.is_err());
    }

    /// S-27: a name that leads inside connects nowhere.
    #[tokio::test]
    async fn s27_a_name_that_leads_inside_connects_nowhere() {
        let inside = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = inside.local_addr().unwrap().port();
        let (look_up, asked) = looking_up(["10.0.0.1:0", "127.0.0.1:0"]);
        let courier = Courier::with(&[], || {}, look_up).unwrap();
        let url = Url::parse(&format!("https://flips.example:{port}/")).unwrap();
        assert_eq!(courier.check(&url), Ok(()));
        for _ in 0..3 {
            let outcome =
                courier.post(&url, &[], Bytes::from_static(b"{}"), Duration::from_secs(2), 16).await;
            assert_eq!(outcome.unwrap_err().kind, FailureKind::NotConnected);
        }
        assert_eq!(asked.load(Ordering::SeqCst), 3, "each connection asks anew");
        assert!(timeout(Duration::from_millis(50), inside.accept()).await.is_err(), "nobody connected");
    }
}
