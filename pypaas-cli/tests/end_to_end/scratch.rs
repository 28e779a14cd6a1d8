use crate::shop::{NODE, Shop};
#[test]
fn look() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    println!("{}", shop.push_version("2"));
    println!("{:#?}", shop.sandbox.app_processes());
    println!("{}", shop.code.push("shop", &["main:other"]));
    shop.code.git(&["tag", "v1"]);
    println!("{}", shop.code.push("shop", &["main", "v1"]));
    println!("{}", shop.code.push("shop", &[":main"]));
    println!("{}", shop.push_file(".build.sh", "echo hello; exit 3"));
    println!("{}", shop.sandbox.client("phone").ssh(&["restart", "--dry-run", "shop", "main"]));
    println!("{}", shop.sandbox.client("phone").ssh(&["rebuild", "--dry-run", "shop", "main"]));
    println!("{}", shop.sandbox.client("phone").ssh(&["restart", "shop", "main"]));
    let out = std::process::Command::new("sh").arg("-c").arg(format!("cd {}; find . -not -path './repos/*'; for f in nginx.d/*; do echo == $f; cat $f; done; cat state/shop/*.json; cat state/shop/main.d/deploys/*; cat services/*/run", shop.sandbox.home())).output().unwrap();
    println!("{}", String::from_utf8_lossy(&out.stdout));
    panic!();
}
