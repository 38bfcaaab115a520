//! lectern-web
#[derive(Debug)]
pub struct Web;
impl Web {
    pub fn new() -> Result<Self, std::io::Error> {
        Ok(Self)
    }
}
