using System.Text;
using System.Text.Json;

namespace Folio.Server.Tests;

public sealed class CutJsonTests
{
    [Theory]
    [InlineData("", "{}")]
    [InlineData("  ", "{}")]
    [InlineData("nothing", "{}")]
    [InlineData("[1", "{}")]
    [InlineData("12", "{}")]
    [InlineData("{", "{}")]
    [InlineData("""{"city": "Ber""", "{}")]
    [InlineData("""{"city": "Bern", "days": 1""", """{"city": "Bern"}""")]
    [InlineData("""{"city": "Bern", "days": 12,""", """{"city": "Bern", "days": 12}""")]
    [InlineData("""{"a": {"b": [1, [2, "x"], tr""", """{"a": {"b": [1, [2, "x"]]}}""")]
    [InlineData("""{"a": {""", """{"a": {}}""")]
    [InlineData("""{"a": 1} and more""", """{"a": 1}""")]
    [InlineData("""{"a": 1, b: 2}""", """{"a": 1}""")]
    public void What_is_whole_stays_and_what_is_open_is_closed(string json, string closed) => Assert.Equal(closed, Close(json));

    [Fact]
    public void Every_beginning_of_an_object_becomes_an_object_and_all_of_it_stays_as_it_is()
    {
        const string Json = """{"text": "a \"quoted\" \u00e4 \\ word, é 😀", "n": -1.5e3, "list": [[], {}, {"x": [true, false, null]}], "last": {"deep": {"er": "end"}}}""";
        for (int length = 0; length <= Json.Length; length++)
        {
            if (length > 0 && length < Json.Length && char.IsLowSurrogate(Json[length])) continue;
            string closed = Close(Json[..length]);
            Assert.Equal(JsonValueKind.Object, JsonElement.Parse(closed).ValueKind);
        }

        Assert.Equal(Json, Close(Json));
    }

    private static string Close(string json) => Encoding.UTF8.GetString(CutJson.Close(Encoding.UTF8.GetBytes(json)));
}
