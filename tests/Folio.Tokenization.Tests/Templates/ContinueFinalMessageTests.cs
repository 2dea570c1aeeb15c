using Folio.Tokenization.Templates;

namespace Folio.Tokenization.Tests.Templates;

public class ContinueFinalMessageTests
{
    private const string Plain = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}";

    [Fact]
    public void The_text_ends_after_the_content_of_the_last_message() =>
        Assert.Equal("<|user|>Hi<|end|><|assistant|>Well, ", Continue(Plain, """[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Well, "}]"""));

    [Fact]
    public void White_space_that_the_template_trims_stays_away() =>
        Assert.Equal("<|user|>Hi<|end|><|assistant|>Well,", Continue(Plain.Replace("m.content", "m.content | trim"), """[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Well, "}]"""));

    [Fact]
    public void The_last_text_of_a_content_in_parts_is_continued() =>
        Assert.Equal("a|b", Continue("{% for m in messages %}{{ m.content | map(attribute='text') | join('|') }}!{% endfor %}", """[{"role": "assistant", "content": [{"text": "a"}, {"text": "b"}]}]"""));

    [Fact]
    public void The_content_is_input_and_the_tag_that_found_it_is_gone()
    {
        RenderedPrompt prompt = ChatTemplate.Parse("<{{ messages[0].content }}>").Render(new ChatTemplateInput { Messages = JsonFile.Parse("""[{"role": "assistant", "content": "abc"}]"""), ContinueFinalMessage = true });
        Assert.Equal("<abc", prompt.Text);
        Assert.Equal([new TextSpan(1, 3)], prompt.InputSpans);
    }

    [Theory]
    [InlineData(Plain, "[]")]
    [InlineData(Plain, """[{"role": "assistant"}]""")]
    [InlineData(Plain, """[{"role": "assistant", "content": null}]""")]
    [InlineData("nothing of it", """[{"role": "assistant", "content": "x"}]""")]
    public void A_message_that_cannot_be_continued_is_an_error(string template, string messages) =>
        Assert.Contains("continue_final_message", Assert.Throws<TemplateException>(() => Continue(template, messages)).Message);

    private static string Continue(string template, string messages) =>
        ChatTemplate.Parse(template).Render(new ChatTemplateInput { Messages = JsonFile.Parse(messages), ContinueFinalMessage = true }).Text;
}
