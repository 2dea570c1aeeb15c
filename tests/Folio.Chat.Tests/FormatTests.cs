namespace Folio.Chat.Tests;

public sealed class FormatTests
{
    [Theory]
    [InlineData("Qwen-Qwen2.5-7B-Instruct", "hermes", null)]
    [InlineData("Qwen-Qwen3-0.6B", "hermes", "deepseek_r1")]
    [InlineData("Qwen-QwQ-32B", "hermes", "deepseek_r1")]
    [InlineData("Qwen3-Coder", "qwen3_coder", null)]
    [InlineData("ByteDance-Seed-OSS", "seed_oss", "seed_oss")]
    [InlineData("deepseek-ai-DeepSeek-R1-Distill-Qwen-32B", "deepseek_v3", "deepseek_r1")]
    [InlineData("DeepSeek-V3", "deepseek_v3", null)]
    [InlineData("deepseek-ai-DeepSeek-V3.1", "deepseek_v31", "deepseek_r1")]
    [InlineData("Mistral-Nemo-lenml", "mistral", null)]
    [InlineData("Mistral-Small-3.2-24B-Instruct-2506", "mistral", null)]
    [InlineData("mistralai-Ministral-3-14B-Reasoning-2512", "mistral", "mistral")]
    [InlineData("granite-3.0", "granite", null)]
    [InlineData("ibm-granite-granite-4.0", "hermes", null)]
    [InlineData("openai-gpt-oss-120b", "openai", "openai_gptoss")]
    [InlineData("SmolLM2-Instruct", null, null)]
    [InlineData("Llama-2-chat", null, null)]
    [InlineData("phi-4", null, null)]
    public void A_template_tells_how_its_model_writes_calls_and_reasoning(string template, string? tools, string? reasoning)
    {
        var format = MessageFormat.Of(File.ReadAllText(TestData.Shared("vectors", "chat-templates", "templates", $"{template}.jinja")));
        Assert.Equal((tools, reasoning), (format.Tools?.Name, format.Reasoning?.Name));
    }

    [Fact]
    public void Each_format_reads_the_calls_that_its_frame_writes()
    {
        (string, string)[] calls = [("f", "{\"a\": \"x ]}\"}"), ("g", "{}")];
        foreach (ToolFormat format in ToolFormat.ByName.Values.Append(ToolFormat.MistralNamed))
        {
            foreach (bool isForced in (bool[])[true, false])
            {
                var message = Message.Parse(new(isForced ? format : format.Forced, null), new() { Tools = [new("f")], IsForced = isForced }, format.Frame.Write(calls).Select(c => c.ToString()));
                Assert.True(calls.SequenceEqual(message.Calls), $"{format.Name}: {message}");
                Assert.Empty(message.Content);
            }
        }
    }

    [Fact]
    public void A_prompt_that_ends_with_the_opening_mark_opens_the_reasoning()
    {
        var format = new MessageFormat(null, ReasoningFormat.Think);
        Assert.True(format.IsOpenAfter("<|im_start|>assistant\n<think>\n"));
        Assert.False(format.IsOpenAfter("<|im_start|>assistant\n<think>\n\n</think>\n\n"));
        Assert.False(new MessageFormat(null, null).IsOpenAfter("<think>"));
    }
}
