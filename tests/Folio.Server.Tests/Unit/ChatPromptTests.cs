using System.Text.Json;

namespace Folio.Server.Tests;

public sealed class ChatPromptTests(DemoEngine demo)
{
    [Theory]
    [InlineData("hgh", false)]
    [InlineData("", false)]
    [InlineData("xhigh", true)]
    [InlineData("utmost", true)] // the template compares with it
    public void An_effort_is_one_of_openais_or_the_templates(string effort, bool isKnown)
    {
        var served = new ServedModel(demo.Engine, new() { ChatTemplate = "{{ 1 if reasoning_effort == 'utmost' else 2 }}" });
        var body = new Fields(JsonElement.Parse($$"""{"messages":[{"role":"user","content":"x"}],"reasoning_effort":"{{effort}}"}"""));
        if (isKnown) ChatPrompt.Read(body, served).Dispose();
        else Assert.Equal("reasoning_effort", Assert.Throws<ApiException>(() => ChatPrompt.Read(body, served)).Parameter);
    }

    [Theory]
    [InlineData("""{"reasoning_effort":"none"}""", "none False False")]
    [InlineData("""{"reasoning_effort":"low"}""", "low - -")]
    [InlineData("""{"reasoning_effort":"none","chat_template_kwargs":{"enable_thinking":true}}""", "none True False")]
    [InlineData("""{"reasoning_effort":"none","chat_template_kwargs":{"reasoning_effort":"x","thinking":true,"other":1}}""", "x False True")]
    [InlineData("""{"chat_template_kwargs":{"thinking":true}}""", "- - True")]
    public void An_effort_of_none_is_thinking_that_is_not_enabled_in_every_way_that_templates_know(string fields, string expected)
    {
        var served = new ServedModel(demo.Engine, new() { ChatTemplate = "{{ reasoning_effort | default('-') }} {{ enable_thinking | default('-') }} {{ thinking | default('-') }}" });
        using ChatPrompt prompt = ChatPrompt.Read(new Fields(JsonElement.Parse($$"""{"messages":[{"role":"user","content":"x"}],{{fields[1..]}}""")), served);
        Assert.Equal(expected, prompt.Text);
    }
}
