// A gateway-year allocates tens of millions of times: ASan keeps one frame of each instead of thirty, fills
// none and frees sooner.
// NOLINTBEGIN(readability-identifier-naming): the name is ASan's
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
  return "malloc_context_size=1:quarantine_size_mb=16:max_malloc_fill_size=0";
}
// NOLINTEND(readability-identifier-naming)
