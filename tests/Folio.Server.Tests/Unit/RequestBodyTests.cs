using System.Text;

namespace Folio.Server.Tests;

public sealed class RequestBodyTests
{
    [Theory]
    [InlineData("", "no body")]
    [InlineData("  \n", "no body")]
    [InlineData("[1]", "must be a JSON object, got a list")]
    [InlineData("3", "must be a JSON object, got the number 3")]
    [InlineData("null", "must be a JSON object, got null")]
    [InlineData("{\"a\":NaN}", "isn't valid JSON")]
    [InlineData("{\"a\":Infinity}", "isn't valid JSON")]
    [InlineData("{\"a\":1", "isn't valid JSON")]
    [InlineData("{\"a\":1,\"a\":2}", "isn't valid JSON")]
    [InlineData("{\"a\":\"\\ud800\"}", "lone surrogate")]
    [InlineData("{\"a\":\"\\udc00\\ud800\"}", "lone surrogate")]
    [InlineData("{\"\\ud83d\":1}", "lone surrogate")]
    [InlineData("{\"a\":\"\\\\\\ud800x\"}", "lone surrogate")]
    public void What_is_no_json_object_is_refused_with_the_reason(string body, string reason) =>
        Assert.Contains(reason, Assert.Throws<ApiException>(() => RequestBody.Parse(Encoding.UTF8.GetBytes(body))).Message);

    [Theory]
    [InlineData("{\"a\":[1,]}", "comma at the end, which JSON doesn't have (line 1, byte 9).")]
    [InlineData("{\n\"a\":\"x\"", "an object or a list isn't closed (line 2, byte 8).")]
    public void Bad_json_is_told_in_words_for_its_writer(string body, string ending) =>
        Assert.EndsWith(ending, Assert.Throws<ApiException>(() => RequestBody.Parse(Encoding.UTF8.GetBytes(body))).Message);

    [Theory]
    [InlineData("{}")]
    [InlineData("\uFEFF{\"a\":1}")]
    [InlineData("{\"a\":\"\\ud83d\\ude00 \\\\ud800 \\u0000\"}")]
    public void Other_json_objects_are_read(string body) => RequestBody.Parse(Encoding.UTF8.GetBytes(body)).Dispose();

    [Fact]
    public void Bytes_that_are_not_utf8_are_refused() =>
        Assert.Contains("UTF-8", Assert.Throws<ApiException>(() => RequestBody.Parse(new byte[] { (byte)'{', (byte)'"', 0xff, (byte)'"', (byte)':', (byte)'1', (byte)'}' })).Message);

    [Fact]
    public void Nesting_is_bounded()
    {
        string deep = "{\"a\":" + new string('[', 100_000) + new string(']', 100_000) + "}";
        Assert.Equal("The body nests deeper than 64 levels.", Assert.Throws<ApiException>(() => RequestBody.Parse(Encoding.UTF8.GetBytes(deep))).Message);
    }
}
