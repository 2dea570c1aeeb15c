using System.Text.Json;

namespace Folio.Server.Tests;

public sealed class OtherRoutesTests(ServedFixture fixture, DemoEngine demo) : IClassFixture<ServedFixture>
{
    private Server Server => fixture.Server;

    [Fact]
    public async Task Models_lists_every_name_with_its_context()
    {
        JsonElement data = (await Server.GetAsync("/v1/models")).Ok().Json.GetProperty("data");
        Assert.Equal(["demo", "demo-alias"], data.EnumerateArray().Select(card => card.GetProperty("id").GetString()));
        Assert.Equal(
            ["id", "object", "created", "owned_by", "root", "parent", "max_model_len", "permission"], data[0].EnumerateObject().Select(field => field.Name));
        Assert.Equal(512, data[0].GetProperty("max_model_len").GetInt32());
        Assert.Equal(data[0].GetProperty("created").GetInt64(), (await Server.GetAsync("/v1/models/demo")).Ok().Json.GetProperty("created").GetInt64());
        Assert.Equal("demo-alias", (await Server.GetAsync("/v1/models/demo-alias")).Ok().Json.GetProperty("id").GetString());
        (await Server.GetAsync("/v1/models/owner/other")).Refused(404, "model", "owner/other");
    }

    [Theory]
    [InlineData("Once upon a time")]
    [InlineData("")]
    [InlineData("Héllo 😀 <|im_end|>")]
    public async Task Tokenizing_and_back_gives_the_text(string prompt)
    {
        JsonElement tokens = (await Server.PostAsync("/tokenize", new { prompt, add_special_tokens = false })).Ok().Json;
        Assert.Equal(["count", "max_model_len", "tokens", "token_strs"], tokens.EnumerateObject().Select(field => field.Name));
        Assert.Equal(tokens.GetProperty("count").GetInt32(), tokens.GetProperty("tokens").GetArrayLength());
        Assert.Equal(prompt, (await Server.PostTextAsync("/detokenize", $"{{\"tokens\":{tokens.GetProperty("tokens")}}}")).Ok().Json.GetProperty("prompt").GetString());
    }

    [Fact]
    public async Task Tokenize_counts_what_the_generating_routes_charge()
    {
        var messages = new[] { new { role = "user", content = "Hello there" } };
        Reply chat = (await Server.ChatAsync(new { messages, max_tokens = 1 })).Ok();
        Assert.Equal(chat.Usage.GetProperty("prompt_tokens").GetInt32(), (await Server.PostAsync("/tokenize", new { messages })).Ok().Json.GetProperty("count").GetInt32());
        Reply completion = (await Server.CompleteAsync(new { prompt = "Hello there", max_tokens = 1 })).Ok();
        Assert.Equal(completion.Usage.GetProperty("prompt_tokens").GetInt32(), (await Server.PostAsync("/tokenize", new { prompt = "Hello there" })).Ok().Json.GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task Tokens_are_shown_as_the_vocabulary_writes_them_if_asked()
    {
        JsonElement strings = (await Server.PostAsync("/tokenize", new { prompt = "a dog", return_token_strs = true })).Ok().Json.GetProperty("token_strs");
        Assert.Equal(["<s>", "▁a", "▁dog"], strings.EnumerateArray().Select(piece => piece.GetString()));
    }

    [Fact]
    public async Task Tokenize_takes_messages_without_the_generation_prompt_and_with_tools()
    {
        var messages = new[] { new { role = "user", content = "hi" } };
        int with = Count((await Server.PostAsync("/tokenize", new { messages })).Ok()), without = Count((await Server.PostAsync("/tokenize", new { messages, add_generation_prompt = false })).Ok());
        Assert.True(without < with);
        (await Server.PostAsync("/tokenize", new { messages, tools = new[] { new { type = "function", function = new { name = "f" } } }, chat_template_kwargs = new { a = 1 } })).Ok();
        (await Server.PostAsync("/tokenize", new { messages, prompt = "x" })).Refused(400, "prompt");
        (await Server.PostAsync("/tokenize", new { })).Refused(400, "prompt");

        static int Count(Reply reply) => reply.Json.GetProperty("count").GetInt32();
    }

    [Fact]
    public async Task Ids_that_the_vocabulary_lacks_are_refused_with_its_size()
    {
        int size = demo.Engine.Model.VocabularySize;
        (await Server.PostAsync("/detokenize", new { tokens = new[] { 5, size - 1 } })).Ok();
        (await Server.PostAsync("/detokenize", new { tokens = new[] { 5, size } })).Refused(400, "tokens[1]", $"tokens[1] is {size}; this model's vocabulary has {size} tokens, with the ids 0 to {size - 1}.");
        (await Server.PostAsync("/detokenize", new { tokens = new[] { 5, -1 } })).Refused(400, "tokens[1]", "tokens[1] is -1");
        (await Server.PostTextAsync("/detokenize", """{"tokens":[4611686018427387904]}""")).Refused(400, "tokens[0]");
        (await Server.PostAsync("/detokenize", new { })).Refused(400, "tokens");
    }

    [Fact]
    public async Task Health_ping_and_version_answer()
    {
        foreach (string path in new[] { "/health", "/ping" }) Assert.Equal("", (await Server.GetAsync(path)).Ok().Text);
        Assert.Equal(200, (int)(await Server.Http.PostAsync("/ping", null)).StatusCode);
        Assert.Matches("^[0-9]+\\.[0-9]+\\.[0-9]+", (await Server.GetAsync("/version")).Ok().Json.GetProperty("version").GetString());
    }
}
