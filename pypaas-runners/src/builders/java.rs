//! The builder for Java and Kotlin.

use pypaas_core::host::Commit;
use pypaas_core::{BuildRecipe, Builder, Requirement};

use super::require;

/// Builds what has a `pom.xml` with Maven, or a `build.gradle` with Gradle, through the wrapper that the project brings if it
/// does. Tests are left to the place where they are run before a push.
#[derive(Debug, Clone, Copy)]
pub struct Java;

impl Builder for Java {
    fn name(&self) -> &'static str {
        "java"
    }

    fn reads(&self) -> &'static [&'static str] {
        &[]
    }

    fn recipe(&self, commit: &Commit) -> Option<BuildRecipe> {
        let gradle = ["build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"];
        let (found, wrapper, program, options) = if commit.holds("pom.xml") {
            ("pom.xml", "mvnw", require("mvn", "install it with `apt install maven`"), MAVEN)
        } else {
            let found = gradle.into_iter().find(|file| commit.holds(file))?;
            (
                found,
                "gradlew",
                require("gradle", "install it with `apt install gradle`, or commit a wrapper"),
                GRADLE,
            )
        };
        let jdk: Requirement = require("javac", "install it with `apt install default-jdk-headless`");
        let (program, command) = match commit.holds(wrapper) {
            // A wrapper that was committed on Windows is not executable.
            true => (None, format!("sh ./{wrapper} {options}")),
            false => (Some(program.clone()), format!("{} {options}", program.program)),
        };
        Some(BuildRecipe {
            reason: format!("found `{found}`"),
            requires: [jdk].into_iter().chain(program).collect(),
            commands: vec![command],
        })
    }

    fn path(&self) -> &'static [&'static str] {
        &[]
    }

    fn caches(&self) -> &'static [(&'static str, &'static str)] {
        &[("MAVEN_USER_HOME", "maven"), ("GRADLE_USER_HOME", "gradle")]
    }

    fn variables(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }
}

const MAVEN: &str =
    r#"--batch-mode --no-transfer-progress -Dmaven.repo.local="$PYPAAS_CACHE_DIR/m2" -DskipTests package"#;
/// A daemon would outlive the build, and would be stopped with it.
const GRADLE: &str = "--no-daemon --console=plain assemble";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builders::print;

    #[test]
    fn maven_and_gradle_are_used_through_a_wrapper_where_there_is_one() {
        insta::assert_snapshot!(print(&Java, &["pom.xml", "src/"], &[]), @r#"
        found `pom.xml`
        javac, mvn
        mvn --batch-mode --no-transfer-progress -Dmaven.repo.local="$PYPAAS_CACHE_DIR/m2" -DskipTests package
        "#);
        insta::assert_snapshot!(print(&Java, &["build.gradle.kts", "gradlew"], &[]), @"
        found `build.gradle.kts`
        javac
        sh ./gradlew --no-daemon --console=plain assemble
        ");
    }
}
