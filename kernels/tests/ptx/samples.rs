//! Every committed sample is read, linked and decoded; see `kernels/tests/samples.rs` for what they compute.

use stream_hal_kernels::Module;

#[test]
fn all_samples_are_read_and_supported() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut kernels = 0;
    for producer in std::fs::read_dir(folder).unwrap() {
        let producer = producer.unwrap().path();
        if !producer.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(producer).unwrap() {
            let file = file.unwrap().path();
            if file.extension().is_none_or(|extension| extension != "ptx") {
                continue;
            }
            let source = std::fs::read_to_string(&file).unwrap();
            let module =
                Module::parse(&source).unwrap_or_else(|errors| panic!("{}:\n{errors}", file.display()));
            for (at, kernel) in module.kernels().iter().enumerate() {
                let resources = module.resources(at).unwrap();
                assert_eq!(resources.unsupported, None, "{}: {}", file.display(), kernel.name);
                kernels += 1;
            }
        }
    }
    assert!(kernels >= 10, "{kernels}");
}
