//! Has the page embedded again when it was built again, and warns when there is none.

use std::fs;
use std::path::Path;

fn main() {
    let built = Path::new("../../web/dist");
    // Cargo goes by times: it sees what comes into a folder that is there, but would build again and again for one
    // that is not.
    let _ = fs::create_dir_all(built);
    println!("cargo:rerun-if-changed={}", built.display());
    if !built.join("index.html").exists() {
        println!("cargo:warning=the web page is not built and will not be served: `make web` builds it");
    }
}
