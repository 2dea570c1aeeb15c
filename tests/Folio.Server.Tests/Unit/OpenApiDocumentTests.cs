using System.Text.Json;
using Folio.Testing.OpenApi;

namespace Folio.Server.Tests;

/// <summary>The check against OpenAI's description finds what is wrong: it is itself held against the JSON-Schema-Test-Suite.</summary>
public sealed class OpenApiDocumentTests(ITestOutputHelper output)
{
    private static readonly JsonElement s_pets = JsonElement.Parse("""
        {"components":{"schemas":{
          "Cat":{"type":"object","required":["type","lives"],"properties":{"type":{"type":"string","enum":["cat"]},"lives":{"type":"integer","minimum":0}}},
          "Dog":{"type":"object","required":["type"],"properties":{"type":{"type":"string","enum":["dog"]},"tricks":{"type":"array","items":{"type":"string"},"nullable":true}}},
          "Pet":{"oneOf":[{"$ref":"#/components/schemas/Cat"},{"$ref":"#/components/schemas/Dog"}],"discriminator":{"propertyName":"type"}},
          "Home":{"allOf":[{"type":"object","properties":{"pets":{"type":"array","items":{"$ref":"#/components/schemas/Pet"}}}},{"type":"object","required":["street"],"properties":{"street":{"anyOf":[{"type":"string","maxLength":5},{"type":"null"}]},"labels":{"type":"object","additionalProperties":{"type":"string"}},"any":{"type":"object"}}}]}}}}
        """);

    [Theory]
    [InlineData("""{"street":"a","pets":[{"type":"cat","lives":9},{"type":"dog","tricks":null}],"labels":{"x":"y"},"any":{"b":[1]}}""", "", "")]
    [InlineData("""{"street":null,"pets":[{"type":"cat"}]}""", "pets[].lives: is required", "")]
    [InlineData("""{"street":"a","pets":[{"type":"cow"}]}""", "pets[].type: names no known variant, got \"cow\"", "pets[].type")]
    [InlineData("""{"street":"abcdefg"}""", "street: maxLength 5 was expected, got \"abcdefg\"", "")]
    [InlineData("""{"pets":[{"type":"dog","tricks":[1]}]}""", "pets[].tricks[]: type \"string\" was expected, got 1; street: is required", "")]
    [InlineData("""{"street":"a","number":4,"labels":{"x":5},"pets":[{"type":"dog","age":2}]}""", "labels.x: type \"string\" was expected, got 5", "number pets[].age")]
    public void What_differs_is_named_by_its_place(string value, string errors, string undeclared)
    {
        Findings findings = new OpenApiDocument(s_pets).Check(JsonElement.Parse(value), "Home");
        Assert.Equal(errors, string.Join("; ", findings.Errors.Select(error => $"{error.Place}: {error.What}")));
        Assert.Equal(undeclared, string.Join(' ', findings.Undeclared));
    }

    [Fact]
    public void It_judges_as_the_json_schema_test_suite_does()
    {
        string[] keywords =
        [
            "type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "pattern", "minItems", "maxItems", "minProperties", "maxProperties", "items", "properties", "required", "additionalProperties",
            "propertyNames", "allOf", "anyOf", "oneOf", "not", "ref", "boolean_schema",
        ];
        int judged = 0, unknown = 0;
        List<string> misjudged = [];
        foreach (string keyword in keywords)
        {
            var groups = JsonElement.Parse(File.ReadAllBytes(TestData.Shared("suites", "json-schema", "draft2020-12", $"{keyword}.json")));
            foreach (JsonElement group in groups.EnumerateArray())
            {
                JsonElement schema = group.GetProperty("schema");
                var document = new OpenApiDocument(schema);
                foreach (JsonElement test in group.GetProperty("tests").EnumerateArray())
                {
                    try
                    {
                        bool valid = document.Check(test.GetProperty("data"), schema).Valid;
                        judged++;
                        if (test.GetProperty("valid").GetBoolean() != valid) misjudged.Add($"{keyword}: {group.GetProperty("description")}, {test.GetProperty("description")}");
                    }
                    catch (NotSupportedException) // a keyword or a reference that OpenAI's document doesn't have
                    {
                        unknown++;
                    }
                }
            }
        }

        output.WriteLine($"{judged} judged, {unknown} with keywords unknown to it");
        Assert.Empty(misjudged);
        Assert.True(judged > 5 * unknown, $"{judged} judged, {unknown} not");
    }

    [Fact]
    public void Every_schema_of_openais_description_can_be_used()
    {
        TestData.Shared("suites", "openai", "openapi.json");
        OpenApiDocument document = OpenApiDocument.OpenAI!;
        foreach (string component in (string[])["CreateChatCompletionRequest", "CreateChatCompletionResponse", "CreateCompletionRequest", "CreateEmbeddingRequest", "CreateEmbeddingResponse", "CreateResponse", "Response", "ResponseStreamEvent", "ErrorResponse"])
        {
            Assert.False(document.Check(JsonElement.Parse("[]"), component).Valid, component);
            document.Check(JsonElement.Parse("{}"), component);
        }
    }
}
