#include "host_check.h"

#include <gtest/gtest.h>

namespace dataflow::http {
namespace {

TEST(HostCheckTest, NamesOfThisMachineAndAddressesAreOurs) {
  for (const char* host :
       {"", "localhost", "LocalHost:8080", "localhost.", "app.localhost:1", "127.0.0.1",
        "127.0.0.1:8080", "[::1]:8080", "[::1]", "::1", "192.168.1.5:80", "box.lan:8080"}) {
    EXPECT_TRUE(host_is_ours(host, "box.lan", {})) << host;
  }
}

TEST(HostCheckTest, OtherNamesAreNot) {
  for (const char* host :
       {"evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example",
        "notlocalhost", "0x7f.1", "[evil]:1", ":80", "127.0.0.1@evil.example"}) {
    EXPECT_FALSE(host_is_ours(host, "127.0.0.1", {"data.example"})) << host;
  }
  EXPECT_TRUE(host_is_ours("Data.Example:443", "127.0.0.1", {"a", "data.example"}));
  EXPECT_TRUE(host_is_ours("evil.example", "127.0.0.1", {"*"}));
}

}  // namespace
}  // namespace dataflow::http
