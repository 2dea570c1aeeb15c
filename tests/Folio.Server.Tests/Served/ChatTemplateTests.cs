namespace Folio.Server.Tests;

/// <summary>A chat template of the operator's.</summary>
public sealed class ChatTemplateTests(DemoEngine demo)
{
    [Fact]
    public async Task The_operators_template_takes_the_place_of_the_models()
    {
        await using Server server = await Server.StartAsync(demo.Engine, new() { ChatTemplate = "{% for message in messages %}{{ message.content }}{% endfor %}" });
        int[] chat = Ids(await server.PostAsync("/tokenize", new { messages = new[] { new { role = "user", content = "Once upon a time" } } }));
        int[] text = Ids(await server.PostAsync("/tokenize", new { prompt = "Once upon a time", add_special_tokens = false }));
        Assert.Equal(text, chat);
    }

    [Fact]
    public void A_template_that_cannot_be_parsed_is_told_at_start()
    {
        Assert.Contains("chat template", Assert.Throws<FolioException>(() => FolioServer.Build(demo.Engine, new() { Port = 0, ChatTemplate = "{% if %}" })).Message);
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "{% if %}");
            Assert.Contains(file, Assert.ThrowsAny<FolioException>(() => ChatTemplateFile.Read(file)).Message);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static int[] Ids(Reply reply) => [.. reply.Ok().Json.GetProperty("tokens").EnumerateArray().Select(id => id.GetInt32())];
}
