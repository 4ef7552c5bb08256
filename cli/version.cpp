namespace tune::cli {
const char* version() { return TUNE_VERSION; }
}  // namespace tune::cli
