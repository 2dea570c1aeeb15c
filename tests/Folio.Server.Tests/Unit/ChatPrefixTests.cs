using System.Text.Json;
using Folio.Compute.Cpu;
using Folio.Engine;

namespace Folio.Server.Tests;

public sealed class ChatPrefixTests(DemoEngine demo)
{
    private const string System = "You tell stories for small children. Every story has a dog, and every dog finds its ball.";

    private static readonly string[] NextMessages = ["Hello", "", "\n\nwith a gap", "1", "😀", "<|im_end|>", "user"];

    [Fact]
    public void A_system_prompts_tokens_begin_every_chat_that_has_it()
    {
        int[] prefix = PrefixOf(demo.Engine, Message("system", System));
        foreach (string next in NextMessages) Assert.Equal(prefix, ChatOf(demo.Engine, Message("system", System), Message("user", next))[..prefix.Length]);

        int[] alone = ChatOf(demo.Engine, [Message("system", System)], generate: false);
        Assert.Equal(alone, prefix[..alone.Length]); // all of it, the end of the turn too
        Assert.True(ChatOf(demo.Engine, Message("system", System + " And more."), Message("user", "Hello")).AsSpan().CommonPrefixLength(prefix) < alone.Length);
    }

    [Fact]
    public void Conversations_that_have_begun_are_prefixes_too()
    {
        string[] begun = [Message("system", System), Message("user", "Tell me a story."), Message("assistant", "Once upon a time, a dog lost its ball.")];
        int[] prefix = PrefixOf(demo.Engine, begun);
        int[] longer = ChatOf(demo.Engine, [.. begun, Message("user", "Go on!")]);
        Assert.Equal(prefix, longer[..prefix.Length]);
        Assert.True(prefix.Length >= ChatOf(demo.Engine, begun, generate: false).Length);

        int[] asked = PrefixOf(demo.Engine, begun[..2]);
        Assert.Equal(asked, ChatOf(demo.Engine, begun[..2])[..asked.Length]);
    }

    [Fact]
    public async Task A_template_that_puts_the_system_prompt_into_the_first_users_turn_is_no_obstacle()
    {
        string path = TestData.DemoModelWithTemplate("[INST] <<SYS>>\n{{ messages[0]['content'] }}\n<</SYS>>\n\n{{ messages[1]['content'].strip() }} [/INST]");
        using var backend = new CpuBackend(threads: 1);
        await using LlmEngine engine = LlmEngine.Load(path, backend, new() { NumBlocks = 64 });
        int[] prefix = PrefixOf(engine, Message("system", System));
        int[] chat = ChatOf(engine, Message("system", System), Message("user", "Hello"));
        Assert.Equal(prefix, chat[..prefix.Length]);
        Assert.True(prefix.Length > engine.Model.Encode(System).Length);
    }

    private static int[] PrefixOf(LlmEngine engine, params string[] messages) => PrefixRequest.Read(Body(messages, ""), new ServedModel(engine, new()), Holder.Anybody).Ids;

    private static int[] ChatOf(LlmEngine engine, params string[] messages) => ChatOf(engine, messages, generate: true);

    private static int[] ChatOf(LlmEngine engine, string[] messages, bool generate) =>
        TokenizeRequest.Read(Body(messages, $",\"add_generation_prompt\":{(generate ? "true" : "false")}"), new ServedModel(engine, new())).Ids;

    private static Fields Body(string[] messages, string more) => new(JsonElement.Parse($"{{\"messages\":[{string.Join(',', messages)}]{more}}}"));

    private static string Message(string role, string content) => JsonSerializer.Serialize(new { role, content });
}
