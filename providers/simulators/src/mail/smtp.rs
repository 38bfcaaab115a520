//! The receiving half of SMTP: enough for any client, pipelining included, and no delivery ever.

use std::{io, sync::Arc};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use super::catcher::Inbox;

/// The largest mail taken, in bytes.
const LARGEST: usize = 10 << 20;
/// The longest command line taken.
const LONGEST_LINE: usize = 8 << 10;

const CLOSED: &[u8] = b"421 4.3.2 closed for maintenance\r\n";

#[derive(Debug, Default)]
struct Envelope {
    from: Option<String>,
    to: Vec<String>,
}

/// Talks to one client until it quits.
pub(crate) async fn converse(stream: TcpStream, inbox: Arc<Inbox>) -> io::Result<()> {
    let (read, write) = stream.into_split();
    session(BufReader::new(read), write, &inbox).await
}

async fn session<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    mut read: BufReader<R>,
    mut write: W,
    inbox: &Inbox,
) -> io::Result<()> {
    if inbox.is_closed() {
        return write.write_all(CLOSED).await;
    }
    write.write_all(b"220 mail.simulator.test ESMTP catches everything, sends nothing\r\n").await?;
    let mut envelope = Envelope::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        if read.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        if inbox.is_closed() {
            return write.write_all(CLOSED).await;
        }
        if line.len() > LONGEST_LINE {
            write.write_all(b"500 5.5.2 line too long\r\n").await?;
            return Ok(());
        }
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        let verb = text.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer: &[u8] = match verb.as_str() {
            "EHLO" => {
                envelope = Envelope::default();
                b"250-mail.simulator.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 10485760\r\n"
            }
            "HELO" => b"250 mail.simulator.test\r\n",
            "MAIL" => match address(&text) {
                Some(from) if size(&text).is_none_or(|size| size <= LARGEST) => {
                    envelope = Envelope { from: Some(from), to: Vec::new() };
                    b"250 2.1.0 ok\r\n"
                }
                Some(_) => b"552 5.3.4 too big\r\n",
                None => b"501 5.5.4 MAIL FROM:<address>\r\n",
            },
            "RCPT" => match (address(&text), &envelope.from) {
                (Some(to), Some(_)) if !to.is_empty() => {
                    envelope.to.push(to);
                    b"250 2.1.5 ok\r\n"
                }
                (_, None) => b"503 5.5.1 MAIL first\r\n",
                _ => b"501 5.5.4 RCPT TO:<address>\r\n",
            },
            "DATA" if envelope.to.is_empty() => b"503 5.5.1 RCPT first\r\n",
            "DATA" => {
                write.write_all(b"354 end with a line that holds a single dot\r\n").await?;
                match data(&mut read).await? {
                    Some(bytes) => {
                        let taken = std::mem::take(&mut envelope);
                        inbox.receive(taken.from.unwrap_or_default(), taken.to, &bytes);
                        b"250 2.0.0 caught\r\n"
                    }
                    None => b"552 5.3.4 too big\r\n",
                }
            }
            "RSET" => {
                envelope = Envelope::default();
                b"250 2.0.0 ok\r\n"
            }
            "NOOP" => b"250 2.0.0 ok\r\n",
            "VRFY" => b"252 2.1.5 nobody is verified here\r\n",
            "QUIT" => {
                write.write_all(b"221 2.0.0 bye\r\n").await?;
                return write.shutdown().await;
            }
            _ => b"502 5.5.1 not known\r\n",
        };
        write.write_all(answer).await?;
    }
}

/// The address between `<` and `>`.
fn address(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('<')?;
    Some(rest.split_once('>')?.0.to_owned())
}

/// What the client says the size will be.
fn size(text: &str) -> Option<usize> {
    text.to_ascii_uppercase().split_whitespace().find_map(|part| part.strip_prefix("SIZE=")?.parse().ok())
}

/// The mail, with the doubled dots undone; `None` when it was too big (read to its end all the same).
async fn data<R: AsyncRead + Unpin>(read: &mut BufReader<R>) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let mut line = Vec::new();
    let mut fits = true;
    loop {
        line.clear();
        if read.read_until(b'\n', &mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line == b".\r\n" || line == b".\n" {
            return Ok(fits.then_some(bytes));
        }
        let content = if line.first() == Some(&b'.') { &line[1..] } else { &line[..] };
        fits &= bytes.len() + content.len() <= LARGEST;
        if fits {
            bytes.extend_from_slice(content);
        }
    }
}
