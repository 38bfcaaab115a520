//! Attendance reports: one for each call, the newest fifty of them.

use lectern_simulators::teams::Refusal;

use crate::harness::{School, encoded};

async fn take_place(school: &School, link: &str, times: usize) -> Result<(), Refusal> {
    for _ in 0..times {
        let teacher = school.teams.organizer_joins(link)?;
        school.minutes(1);
        school.teams.leaves(teacher)?;
    }
    Ok(())
}

/// All reports, page by page.
async fn reports(school: &School, meeting: &str) -> Vec<String> {
    let mut path = format!("/me/onlineMeetings/{meeting}/attendanceReports");
    let mut ids = Vec::new();
    loop {
        let (status, page) = school.call("GET", &path, None).await;
        assert_eq!(status, 200, "{page}");
        let rows = page["value"].as_array().unwrap();
        assert!(rows.len() <= 10);
        ids.extend(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["@odata.nextLink"].as_str() else { return ids };
        path = next.split_once("/v1.0").unwrap().1.to_owned();
    }
}

#[tokio::test]
async fn only_the_newest_fifty_are_kept() {
    let school = School::new().await;
    let (_, link) = school.event().await;
    let meeting = encoded(school.online(&link).await["id"].as_str().unwrap());
    take_place(&school, &link, 1).await.unwrap();
    school.minutes(6);
    let first = reports(&school, &meeting).await.remove(0);
    take_place(&school, &link, 49).await.unwrap();
    school.minutes(6);
    let fifty = reports(&school, &meeting).await;
    assert_eq!((fifty.len(), fifty.last()), (50, Some(&first)));

    take_place(&school, &link, 1).await.unwrap();
    school.minutes(4);
    assert_eq!(reports(&school, &meeting).await, fifty, "the new report comes five minutes after the call");
    school.minutes(1);
    let newer = reports(&school, &meeting).await;
    assert_eq!((newer.len(), &newer[1..]), (50, &fifty[..49]));
    // What is not listed cannot be read by its id either.
    let one = format!("/me/onlineMeetings/{meeting}/attendanceReports/{first}");
    assert_eq!(school.call("GET", &one, None).await.0, 404);
    assert_eq!(school.call("GET", &format!("{one}/attendanceRecords"), None).await.0, 404);
}
