using System.Text.Json;
using Folio.Testing.OpenApi;

namespace Folio.Server.Tests;

public sealed class FieldsTests
{
    [Theory]
    [InlineData("{\"x\":\"1\"}", "x must be a number, got a string.")]
    [InlineData("{\"x\":true}", "x must be a number, got true.")]
    [InlineData("{\"x\":[]}", "x must be a number, got a list.")]
    [InlineData("{\"x\":1e999}", "x is out of range: 1e999.")]
    [InlineData("{\"x\":-1e39}", "x is out of range: -1e39.")]
    public void A_number_of_another_type_is_an_error_that_names_the_field(string json, string message) =>
        Assert.Equal(message, Assert.Throws<ApiException>(() => Of(json).Number("x")).Message);

    [Theory]
    [InlineData("{\"x\":1.5}", "x must be an integer, got the number 1.5.")]
    [InlineData("{\"x\":\"1\"}", "x must be an integer, got a string.")]
    [InlineData("{\"x\":4294967296}", "x is out of range: 4294967296.")]
    [InlineData("{\"x\":1e300}", "x is out of range: 1e300.")]
    public void So_is_an_integer(string json, string message) => Assert.Equal(message, Assert.Throws<ApiException>(() => Of(json).Integer("x")).Message);

    [Theory]
    [InlineData("{\"x\":8}", 8)]
    [InlineData("{\"x\":8.0}", 8)]
    [InlineData("{\"x\":1e3}", 1000)]
    [InlineData("{\"x\":null}", null)]
    [InlineData("{}", null)]
    public void Whole_numbers_are_integers_and_null_is_absent(string json, int? value) => Assert.Equal(value, Of(json).Integer("x"));

    [Fact]
    public void Items_of_a_list_are_named_by_their_place()
    {
        ApiException error = Assert.Throws<ApiException>(() => Of("{\"x\":[1,2,\"3\"]}").Integers("x"));
        Assert.Equal(("x[2] must be an integer, got a string.", "x[2]"), (error.Message, error.Parameter));
    }

    [Fact]
    public void A_field_that_would_change_the_answer_and_cannot_is_refused_by_name()
    {
        FieldPolicies.Completion.Check(Of("{\"model\":\"m\",\"prompt\":\"p\",\"user\":\"u\",\"suffix\":null}"));
        Assert.Equal("suffix", Assert.Throws<ApiException>(() => FieldPolicies.Completion.Check(Of("{\"suffix\":\"x\"}"))).Parameter);
        Assert.Equal("Unrecognized request argument supplied: max_token.", Assert.Throws<ApiException>(() => FieldPolicies.Completion.Check(Of("{\"max_token\":2}"))).Message);
    }

    public static TheoryData<string> Described => ["CreateChatCompletionRequest", "CreateCompletionRequest", "CreateEmbeddingRequest", "CreateResponse"];

    [Theory, MemberData(nameof(Described))]
    public void Every_field_that_OpenAI_describes_is_read_inert_or_refused_with_a_reason(string component)
    {
        TestData.Shared("suites", "openai", "openapi.json");
        FieldPolicy policy = Conformity.PolicyOf(component);
        Assert.Equal([], OpenApiDocument.OpenAI!.MembersOf(component).Except([.. policy.Accepted, .. policy.Refused]));
    }

    private static Fields Of(string json) => new(JsonElement.Parse(json));
}
