#include "daemon/expose/label.h"

#include <gtest/gtest.h>

namespace baselined::expose {
namespace {

TEST(CleanHelp, IsOneLine) { EXPECT_EQ(clean_help("a\nb\tc\\n\xFF"), "a b c\\\\n\xEF\xBF\xBD"); }

TEST(CleanName, IsAName) { EXPECT_EQ(clean_name("a-B_9 \xC3\xA9"), "a_B_9___"); }

}  // namespace
}  // namespace baselined::expose
