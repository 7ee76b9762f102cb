#include "daemon/records/contract.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace baselined::records {
namespace {

constexpr std::string_view kKeyField =
    "[[field]]\nname = \"number\"\ntype = \"integer\"\nkey = true\nrequired = true\n"
    "description = \"Its number.\"\n";

std::string contract_with(std::string_view more) {
  return "name = \"thing\"\nversion = 1\npurpose = \"A thing.\"\n" + std::string(kKeyField) +
         std::string(more);
}

std::string field_with(std::string_view more) {
  return contract_with("[[field]]\nname = \"other\"\ndescription = \"Another.\"\n" +
                       std::string(more));
}

Result<Contracts> parse_one(std::string_view text) {
  const std::array<std::string_view, 1> texts{text};
  return Contracts::parse(texts);
}

TEST(Contracts, BuiltInOnesAreThere) {
  const Contracts& contracts = Contracts::built_in();
  for (const std::string_view id :
       {"commit/1", "commit_path/1", "ref/1", "change/1", "change_commit/1", "change_event/1",
        "ci_run/1", "ci_job/1", "deployment/1", "deployment_status/1", "deployment_change/1",
        "incident/1", "incident_event/1", "incident_link/1"}) {
    EXPECT_NE(contracts.find(id), nullptr) << id;
  }
  EXPECT_EQ(contracts.find("commit/2"), nullptr);
  const Contract* commit = contracts.find("commit/1");
  ASSERT_NE(commit, nullptr);
  EXPECT_EQ(commit->fields.front().name, "repository");
  EXPECT_TRUE(commit->fields.front().key);
  EXPECT_EQ(commit->find("parents")->type, FieldType::oid_list);
  EXPECT_TRUE(commit->find("author")->personal);
  EXPECT_EQ(commit->find("nothing"), nullptr);
}

TEST(Contracts, EveryTypeHasItsNameAndItsCellType) {
  struct Case {
    std::string_view name;
    FieldType type;
    CellType cell;
  };
  for (const Case& expected : {
           Case{"text", FieldType::text, CellType::text},
           Case{"list<text>", FieldType::text_list, CellType::text},
           Case{"oid", FieldType::oid, CellType::text},
           Case{"list<oid>", FieldType::oid_list, CellType::text},
           Case{"integer", FieldType::integer, CellType::integer},
           Case{"real", FieldType::real, CellType::real},
           Case{"boolean", FieldType::boolean, CellType::boolean},
           Case{"time", FieldType::time, CellType::time},
           Case{"decimal", FieldType::decimal, CellType::decimal},
       }) {
    SCOPED_TRACE(expected.name);
    const Result<Contracts> contracts =
        parse_one(field_with("type = \"" + std::string(expected.name) + "\"\n"));
    ASSERT_TRUE(contracts) << contracts.error().message();
    EXPECT_EQ(contracts->all()[0].fields[1].type, expected.type);
    EXPECT_EQ(cell_type_of(expected.type), expected.cell);
  }
}

TEST(Contracts, ReadsAllPropertiesOfAField) {
  const Result<Contracts> contracts = parse_one(field_with(
      "type = \"text\"\nunit = \"name\"\nrequired = true\nrepeated = true\nallowed = [\"a\", "
      "\"b\"]\n"));
  ASSERT_TRUE(contracts) << contracts.error().message();
  const Contract& contract = contracts->all()[0];
  EXPECT_EQ(contract.id, "thing/1");
  EXPECT_EQ(contract.purpose, "A thing.");
  const Field& field = contract.fields[1];
  EXPECT_EQ(field.unit, "name");
  EXPECT_TRUE(field.required);
  EXPECT_TRUE(field.repeated);
  EXPECT_FALSE(field.personal);
  EXPECT_EQ(field.allowed, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(field.description, "Another.");
}

struct BadContract {
  std::string_view what;
  std::string text;
  std::string_view message;  // a part of it
};

class ContractsRefuse : public testing::TestWithParam<BadContract> {};

TEST_P(ContractsRefuse, WithTheReason) {
  const Result<Contracts> contracts = parse_one(GetParam().text);
  ASSERT_FALSE(contracts);
  EXPECT_EQ(contracts.error().code(), Error::Code::config);
  EXPECT_NE(contracts.error().message().find(GetParam().message), std::string::npos)
      << contracts.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes, ContractsRefuse,
    testing::Values(
        BadContract{"NoToml", "name = ", "contract text 1"},
        BadContract{"NoName", "version = 1\n", "\"name\""},
        BadContract{"NoVersion", "name = \"a\"\n", "\"version\""},
        BadContract{"VersionZero", "name = \"a\"\nversion = 0\n", "\"version\""},
        BadContract{"NoPurpose", "name = \"a\"\nversion = 1\n", "\"purpose\""},
        BadContract{"NoField", "name = \"a\"\nversion = 1\npurpose = \"p\"\n", "[[field]]"},
        BadContract{"BadName", "name = \"A b\"\nversion = 1\npurpose = \"p\"\n", "small letter"},
        BadContract{"UnknownKey", "colour = 1\n" + contract_with(""), "\"colour\""},
        BadContract{"UnknownType", field_with("type = \"blob\"\n"), "\"blob\""},
        BadContract{"NoType", field_with(""), "\"type\""},
        BadContract{"UnknownFieldKey", field_with("type = \"text\"\ncolour = 1\n"), "\"colour\""},
        BadContract{"FlagNotBoolean", field_with("type = \"text\"\nrequired = 1\n"),
                    "true or false"},
        BadContract{"KeyNotRequired", field_with("type = \"text\"\nkey = true\n"),
                    "must be required"},
        BadContract{"KeyIsAList", field_with("type = \"list<oid>\"\nkey = true\nrequired = true\n"),
                    "cannot be a list"},
        BadContract{"KeyIsReal", field_with("type = \"real\"\nkey = true\nrequired = true\n"),
                    "cannot be a list or real"},
        BadContract{"RepeatedNumber", field_with("type = \"integer\"\nrepeated = true\n"),
                    "are for text"},
        BadContract{"PersonalNumber", field_with("type = \"integer\"\npersonal = true\n"),
                    "are for text"},
        BadContract{"AllowedPersons",
                    field_with("type = \"text\"\npersonal = true\nallowed = [\"a\"]\n"),
                    "pseudonym"},
        BadContract{"AllowedEmpty", field_with("type = \"text\"\nallowed = []\n"), "list of texts"},
        BadContract{"AllowedNumbers", field_with("type = \"text\"\nallowed = [1]\n"),
                    "list of texts"},
        BadContract{"AllowedTwice", field_with("type = \"text\"\nallowed = [\"a\", \"a\"]\n"),
                    "twice"},
        BadContract{"FieldTwice", contract_with(kKeyField), "number is there twice"},
        BadContract{"ReservedName",
                    contract_with("[[field]]\nname = \"run_id\"\ntype = \"integer\"\n"
                                  "description = \"d\"\n"),
                    "taken"},
        BadContract{"NoDescription",
                    contract_with("[[field]]\nname = \"other\"\ntype = \"text\"\n"),
                    "\"description\""},
        BadContract{"NoKey",
                    "name = \"a\"\nversion = 1\npurpose = \"p\"\n[[field]]\nname = \"n\"\n"
                    "type = \"text\"\ndescription = \"d\"\n",
                    "at least one key"}),
    [](const auto& test) { return std::string(test.param.what); });

TEST(Contracts, RefusesTheSameContractTwice) {
  const std::string text = contract_with("");
  const std::array<std::string_view, 2> texts{text, text};
  const Result<Contracts> contracts = Contracts::parse(texts);
  ASSERT_FALSE(contracts);
  EXPECT_NE(contracts.error().message().find("thing/1"), std::string::npos);
}

TEST(Contracts, TwoVersionsOfAContractLiveBesideEachOther) {
  const std::string first = contract_with("");
  std::string second = first;
  second.replace(second.find("version = 1"), 11, "version = 2");
  const std::array<std::string_view, 2> texts{first, second};
  const Result<Contracts> contracts = Contracts::parse(texts);
  ASSERT_TRUE(contracts);
  EXPECT_EQ(contracts->all().size(), 2U);
  EXPECT_EQ(contracts->find("thing/2")->version, 2);
}

}  // namespace
}  // namespace baselined::records
