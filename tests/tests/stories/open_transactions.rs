//! No mail, hashing or call of a platform while a transaction is open on the task: debug builds stop such work at once.

use lectern_api::{
    app::App,
    mail::OutgoingMail,
    organizations::Sender,
    storage::{Key, Shelf},
};
use lectern_core::{ids::OrganizationId, provider::Call};
use lectern_tests::{LOGO, story};

/// Whether this work, on a task of its own with an open transaction of this kind, was stopped.
async fn stopped<F>(
    app: &App,
    organization: OrganizationId,
    writing: bool,
    work: impl FnOnce(App) -> F + Send + 'static,
) -> bool
where
    F: Future<Output = ()> + Send,
{
    let app = App::clone(app);
    let outcome = tokio::spawn(async move {
        let open = if writing { app.db.begin(organization).await } else { app.db.read(organization).await };
        let open = open.unwrap();
        work(app).await;
        drop(open);
    })
    .await;
    match outcome {
        Ok(()) => false,
        Err(error) => {
            let said = error.into_panic();
            let said = said
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| said.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            assert!(
                said.is_some_and(|said| said.contains("while a transaction is open")),
                "stopped for another reason"
            );
            true
        }
    }
}

fn mail() -> OutgoingMail {
    OutgoingMail {
        sender: Sender::default(),
        unsubscribe: None,
        to: "ayesha@home.example".to_owned(),
        to_name: "Ayesha".to_owned(),
        subject: "Ink".to_owned(),
        text: "Ink".to_owned(),
        html: "<p>Ink</p>".to_owned(),
        message_id: "<open@oakwood.example>".to_owned(),
        attachments: Vec::new(),
    }
}

story!(
    /// Mail, files, hashing, checking a password and a call of the platform are stopped inside a transaction that writes or reads, and
    /// work before and after it.
    slow_work_in_a_transaction_is_stopped, |app| async {
        let lesson = app.held_class("oakwood", &["ayesha"]).await;
        let organization = app.organization("oakwood").await.id;
        let connection = app.database.rows("select id from connections").await.remove(0).remove(0);
        let connection: uuid::Uuid = connection.parse().unwrap();
        let connected = || async {
            lectern_api::platforms::service::connected_by(app, organization, lectern_providers::zoom::NAME, Some(connection.into())).await.unwrap()
        };
        for writing in [true, false] {
            assert!(stopped(app, organization, writing, async |app| drop(app.mailer.send(&mail()).await)).await, "mail");
            let key = Key { organization, shelf: Shelf::Logos, id: connection };
            assert!(stopped(app, organization, writing, async move |app| drop(app.storage.put(&key, LOGO.into()).await)).await, "a file");
            assert!(stopped(app, organization, writing, async |app| drop(app.passwords.hash(&"chalk".into()).await)).await, "hashing");
            assert!(stopped(app, organization, writing, async |app| { app.passwords.verify(&"chalk".into(), None).await; }).await, "checking");
            let (connected, meeting) = (connected().await, lesson.meeting.to_string());
            let call = async move |_: App| {
                let meeting = lectern_core::provider::MeetingRef { id: meeting, host: connected.host.clone() };
                connected.provider.meetings().unwrap().get(&Call::background(), &meeting).await.map(drop).ok();
            };
            assert!(stopped(app, organization, writing, call).await, "a platform's call");
        }
        assert!(app.mail.messages_to("ayesha@home.example").is_empty(), "nothing went out");
        // Without a transaction all of it works, also on a task that had one.
        drop(app.db.begin(organization).await.unwrap());
        app.mailer.send(&mail()).await.unwrap();
        let hash = app.passwords.hash(&"chalk".into()).await.unwrap();
        assert!(app.passwords.verify(&"chalk".into(), Some(&hash)).await);
        let connected = connected().await;
        let meeting = lectern_core::provider::MeetingRef { id: lesson.meeting.to_string(), host: connected.host.clone() };
        connected.provider.meetings().unwrap().get(&Call::background(), &meeting).await.unwrap();
        assert_eq!(app.mail.messages_to("ayesha@home.example").len(), 1);
    }
);
