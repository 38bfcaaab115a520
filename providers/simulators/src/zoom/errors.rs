//! The error codes Zoom documents for each operation, with its texts.
//!
//! Source: `x-zoom-error-codes` of Zoom's OpenAPI document. Not complete there: see `zoom.md`, section 5, for
//! what was seen besides (124, 300, 429, 3001, 3027, 3038, 4700, 4711).

use super::answer::Answer;

/// Operation id, HTTP status, Zoom code, Zoom's text with its placeholders.
pub(crate) const DOCUMENTED: &[(&str, u16, i64, &str)] = &[
    (
        "meetings",
        400,
        3161,
        "Meeting hosting and scheduling capabilities are not allowed for your user account.",
    ),
    ("meetings", 404, 1001, "User {userId} not exist or not belong to this account."),
    (
        "meetingCreate",
        400,
        3161,
        "Your user account is not allowed meeting hosting and scheduling capabilities.",
    ),
    (
        "meetingCreate",
        400,
        3000,
        "Instant meetings do not support the `schedule_for` parameter, and you can't schedule an instant meeting for another user.",
    ),
    (
        "meetingCreate",
        400,
        3000,
        "Users in '{userId}' have been blocked from joining meetings and webinars. To unblock them, go to the **Settings** page in the Zoom web portal and update **Block users in specific domains from joining meetings and webinars**.",
    ),
    ("meetingCreate", 400, 3000, "You cannot schedule a meeting for {userId}"),
    (
        "meetingCreate",
        400,
        300,
        "The value that you entered in the `schedule_for` field is invalid. Enter a valid value and try again.",
    ),
    (
        "meetingCreate",
        400,
        300,
        "Invalid `enforce_login_domains`. Separate multiple domains with semicolons.",
    ),
    ("meetingCreate", 404, 1001, "User does not exist: {userId}."),
    ("meeting", 400, 3000, "Cannot access webinar info."),
    ("meeting", 400, 3161, "Your user account is not allowed meeting hosting and scheduling capabilities."),
    ("meeting", 404, 3001, "Meeting does not exist: {meetingId}."),
    (
        "meetingUpdate",
        400,
        3161,
        "Your user account is not allowed meeting hosting and scheduling capabilities.",
    ),
    (
        "meetingUpdate",
        400,
        300,
        "The value that you entered in the `schedule_for` field is invalid. Enter a valid value and try again.",
    ),
    (
        "meetingUpdate",
        400,
        300,
        "Invalid `enforce_login_domains`. Separate multiple domains with semicolons.",
    ),
    ("meetingUpdate", 400, 3000, "Cannot access webinar info."),
    (
        "meetingUpdate",
        400,
        3000,
        "Instant meetings do not support the `schedule_for` parameter, and you can't schedule an instant meeting for another user.",
    ),
    (
        "meetingUpdate",
        400,
        3000,
        "Users in '{userId}' have been blocked from joining meetings and webinars. To unblock them, go to the **Settings** page in the Zoom web portal and update **Block users in specific domains from joining meetings and webinars**.",
    ),
    ("meetingUpdate", 400, 3000, "You cannot schedule a meeting for {userId}"),
    (
        "meetingUpdate",
        400,
        3000,
        "Prescheduling is only available for scheduled meetings (type 2) and recurring meetings with no fixed time (type 3).",
    ),
    (
        "meetingUpdate",
        400,
        3000,
        "Unable to schedule for a user outside of your account for a meeting with continuous chat.",
    ),
    ("meetingUpdate", 404, 3001, "Meeting does not exist: {meetingId}."),
    ("meetingDelete", 400, 1010, "User does not belong to this account: {accountId}."),
    ("meetingDelete", 400, 3000, "Cannot access meeting information. Invalid occurrence_id."),
    ("meetingDelete", 400, 3002, "Sorry, you cannot delete this meeting since it is in progress."),
    ("meetingDelete", 400, 3003, "You are not the meeting host."),
    ("meetingDelete", 400, 3007, "Sorry, you cannot delete this meeting since it has ended."),
    ("meetingDelete", 400, 3018, "Not allowed to delete PMI."),
    ("meetingDelete", 400, 3037, "Not allowed to delete PAC."),
    (
        "meetingDelete",
        400,
        3161,
        "Meeting hosting and scheduling capabilities are not allowed for your user account.",
    ),
    ("meetingDelete", 404, 1001, "User does not exist: {userId}."),
    ("meetingDelete", 404, 3001, "Meeting with this {meetingId} is not found or has expired."),
    ("meetingStatus", 400, 1010, "User does not belong to this account: {accountId}."),
    ("meetingStatus", 400, 3000, "Cannot access meeting info."),
    ("meetingStatus", 400, 3003, "You're not the meeting host."),
    ("meetingStatus", 400, 3063, "Can not end on-premise user's meeting: {meetingId}."),
    (
        "meetingStatus",
        400,
        3161,
        "Meeting hosting and scheduling capabilities are not allowed for your user account.",
    ),
    ("meetingStatus", 404, 1001, "Meeting host does not exist: {userId}."),
    ("meetingRegistrants", 400, 1010, "User does not belong to this account: {accountId}."),
    ("meetingRegistrants", 400, 3003, "You are not the meeting host."),
    ("meetingRegistrants", 400, 3000, "Cannot access meeting info."),
    (
        "meetingRegistrants",
        400,
        3161,
        "Meeting hosting and scheduling capabilities are not allowed for your user account.",
    ),
    ("meetingRegistrants", 404, 1001, "Meeting host does not exist: {userId}."),
    ("meetingRegistrantCreate", 400, 1010, "User does not belong to this account: {accountId}"),
    ("meetingRegistrantCreate", 400, 3003, "You are not the meeting host."),
    ("meetingRegistrantCreate", 400, 3043, "Meeting has reached maximum attendee capacity."),
    ("meetingRegistrantCreate", 400, 3000, "Cannot access meeting info."),
    (
        "meetingRegistrantCreate",
        400,
        3161,
        "Meeting hosting and scheduling capabilities are not allowed for your user account.",
    ),
    ("meetingRegistrantCreate", 404, 1001, "Meeting host does not exist: {userId}"),
    ("meetingRegistrantStatus", 400, 1010, "User does not belong to this account: {accountId}."),
    ("meetingRegistrantStatus", 400, 3000, "Cannot access meeting information."),
    ("meetingRegistrantStatus", 400, 3003, "You're not the meeting host."),
    (
        "meetingRegistrantStatus",
        400,
        3161,
        "Meeting hosting and scheduling capabilities are not allowed for your user account.",
    ),
    ("meetingRegistrantStatus", 404, 1001, "User does not exist: {userId}."),
    ("meetingregistrantdelete", 400, 200, "Only available for paid users: {0}."),
    (
        "meetingregistrantdelete",
        400,
        300,
        "The value that you entered for the Registrant ID field is invalid. Enter a valid value and try again.",
    ),
    ("meetingregistrantdelete", 400, 404, "Registration has not been enabled for this meeting: {0}."),
    (
        "meetingregistrantdelete",
        400,
        1001,
        "User {userId} does not exist or does not belong to this account.",
    ),
    ("meetingregistrantdelete", 400, 3000, "Cannot access webinar info."),
    ("meetingregistrantdelete", 400, 3001, "Meeting does not exist: {0}."),
    (
        "meetingregistrantdelete",
        400,
        3161,
        "Meeting hosting and scheduling capabilities are not allowed for your user account.",
    ),
    (
        "addBatchRegistrants",
        400,
        3038,
        "Meeting is over, you can not register now. If you have any questions, please contact the Meeting host.",
    ),
    (
        "addBatchRegistrants",
        400,
        303,
        "This API can only be used for scheduled meeting(meeting type: 2). Batch registration is not supported for other meeting types.",
    ),
    (
        "addBatchRegistrants",
        400,
        3161,
        "Meeting hosting and scheduling capabilities are not allowed for your user account.",
    ),
    ("addBatchRegistrants", 404, 3001, "Meeting does not exist: {meetingId}."),
    ("addBatchRegistrants", 404, 3043, "Meeting has reached maximum attendee capacity."),
    ("addBatchRegistrants", 404, 404, "Registration has not been enabled for this meeting: {meetingId}."),
    (
        "meetingInvitation",
        400,
        3161,
        "Meeting hosting and scheduling capabilities are not allowed for your user account.",
    ),
    (
        "inMeetingControl",
        400,
        300,
        "* Meeting id does not exist. * Invalid meeting id. * Meeting does not exist. * No permission. * This API is not available for this account, please contact Zoom support.",
    ),
    (
        "inMeetingControl",
        400,
        3309,
        "Not enough cloud storage available. Either purchase additional storage or delete cloud recordings to free up storage.",
    ),
    ("inMeetingControl", 404, 3001, "Meeting {meetingId} is not found or has expired."),
    (
        "pastMeetingDetails",
        400,
        1010,
        "* User does not exist: {userId}  * User \"{userId}\" does not exist or does not belong to this account.",
    ),
    ("pastMeetingDetails", 400, 300, "Cannot access meeting information."),
    ("pastMeetingDetails", 400, 200, "Only available for paid account: {accountId}"),
    ("pastMeetingDetails", 400, 12702, "Can not access a meeting a year ago."),
    (
        "pastMeetingDetails",
        404,
        3001,
        "* This meeting is not available or the meeting ID is invalid.  * The meeting ID is invalid or the meeting has not ended.",
    ),
    ("pastMeetingParticipants", 400, 1010, "User {userId} not exist or not belong to this account."),
    ("pastMeetingParticipants", 400, 300, "Cannot access meeting information."),
    ("pastMeetingParticipants", 400, 200, "Only available for paid account: {accountId}"),
    ("pastMeetingParticipants", 400, 12702, "Can not access a meeting a year ago."),
    (
        "pastMeetingParticipants",
        404,
        1001,
        "User {userId} not exist or not belong to this account. User not exist: {userId}",
    ),
    (
        "pastMeetingParticipants",
        404,
        3001,
        "This meeting is not available or ID is not valid. Meeting ID is invalid or not end.",
    ),
    ("reportMeetingParticipants", 400, 1010, "User does not belong to this account:{accountId}."),
    ("reportMeetingParticipants", 400, 12702, "Can not access meeting a year ago."),
    ("reportMeetingParticipants", 400, 200, "No permission."),
    ("reportMeetingParticipants", 404, 3001, "Meeting  {MeetingId} not found or has expired."),
    ("recordingsList", 401, 124, "Requires an access token."),
    ("recordingsList", 404, 1001, "User {userId} does not exist, or does not belong to this account."),
    ("recordingsList", 404, 3301, "There is no recording for this session."),
    ("recordingGet", 400, 1010, "User not found on this account: {accountId}."),
    ("recordingGet", 404, 1001, "User \"{userId}\" does not exist or does not belong to this account."),
    ("recordingGet", 404, 3301, "There is no recording for this meeting."),
    ("recordingDelete", 400, 1010, "User does not belong to this account: {accountId}."),
    (
        "recordingDelete",
        400,
        3332,
        "This recording was selected for a simulive webinar. You cannot delete or trash it.",
    ),
    ("recordingDelete", 404, 1001, "User {userId} does not exist or does not belong to this account."),
    ("recordingDelete", 404, 3301, "There is no recording for this meeting."),
    ("recordingDeleteOne", 400, 1010, "User does not belong to this account: {accountId}."),
    ("recordingDeleteOne", 400, 3303, "You can not delete an uncompleted meeting."),
    (
        "recordingDeleteOne",
        400,
        3332,
        "This recording was selected for a simulive webinar. You cannot delete or trash it.",
    ),
    (
        "recordingDeleteOne",
        400,
        3332,
        "Unable to delete this file because this recording is being used for Zoom IQ for Sales.",
    ),
    ("recordingDeleteOne", 404, 1001, "User {userId} does not exist or does not belong to this account."),
    ("recordingDeleteOne", 404, 3301, "There is no recording for this meeting."),
    ("recordingStatusUpdateOne", 400, 1010, "User does not belong to this account: {accountId}."),
    (
        "recordingStatusUpdateOne",
        400,
        3309,
        "Not enough cloud storage available. Either purchase additional storage or delete cloud recordings to free up storage.",
    ),
    (
        "recordingStatusUpdateOne",
        404,
        1001,
        "User {userId} does not exist or does not belong to this account.",
    ),
    ("recordingStatusUpdateOne", 404, 3301, "There is no recording for this meeting."),
    ("recordingStatusUpdate", 400, 1010, "User does not belong to this account: {accountId}."),
    (
        "recordingStatusUpdate",
        400,
        3309,
        "Not enough cloud storage available. Either purchase additional storage or delete cloud recordings to free up storage.",
    ),
    ("recordingStatusUpdate", 404, 1001, "User does not exist: {userId}."),
    ("recordingStatusUpdate", 404, 3301, "There is no recording for this meeting."),
];

/// Operation id, HTTP status, code and text of every documented error, the text with its placeholders.
#[must_use]
pub fn documented_errors() -> &'static [(&'static str, u16, i64, &'static str)] {
    DOCUMENTED
}

/// The documented text of a code, with the placeholders filled.
pub(crate) fn documented(operation: &str, status: u16, code: i64, named: &str) -> Option<String> {
    let (.., text) =
        DOCUMENTED.iter().find(|(id, at, number, _)| *id == operation && *at == status && *number == code)?;
    let mut filled = String::with_capacity(text.len() + named.len());
    let mut rest = *text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        filled.push_str(named);
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    filled.push_str(rest);
    Some(filled)
}

/// The error answer of an operation: Zoom's documented text where there is one.
pub(crate) fn refuse(operation: &str, status: u16, code: i64, named: &str) -> Answer {
    let text = documented(operation, status, code, named).unwrap_or_else(|| otherwise(code, named));
    Answer::error(status, code, text)
}

/// Texts of codes that Zoom answers beyond its document.
fn otherwise(code: i64, named: &str) -> String {
    match code {
        124 => "Invalid access token.".to_owned(),
        200 => format!("Only available for Paid user: {named}"),
        404 => format!("Registration has not been enabled for this meeting: {named}."),
        429 => "You have reached the maximum per-second rate limit for this API. Try again later.".to_owned(),
        1001 => format!("User does not exist: {named}."),
        1010 => format!("User does not belong to this account: {named}."),
        3000 => "Cannot access meeting info.".to_owned(),
        3001 => format!("Meeting does not exist: {named}."),
        3003 => "You are not the meeting host.".to_owned(),
        3027 => "Host has not enabled registration for this meeting.".to_owned(),
        3038 => "Meeting is over, you can not register now. If you have any questions, please contact the Meeting host.".to_owned(),
        3043 => "Meeting has reached maximum attendee capacity.".to_owned(),
        3161 => "Meeting hosting and scheduling capabilities are not allowed for your user account.".to_owned(),
        3301 => "There is no recording for this meeting.".to_owned(),
        _ => "Validation Failed.".to_owned(),
    }
}
