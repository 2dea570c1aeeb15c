using System.Text.Json;

namespace Folio.Tokenization.Templates;

/// <summary>A chat template: the Jinja that comes with a model and turns a conversation into a prompt.</summary>
/// <remarks>
/// The language is that of Jinja2 3.1 in the environment of transformers (immutable sandbox, trim_blocks, lstrip_blocks, loopcontrols,
/// generation, raise_exception, strftime_now). A template is parsed once; rendering keeps no state, so any number of threads may render.
/// </remarks>
public sealed class ChatTemplate
{
    /// <summary>Longest template that is parsed, in characters.</summary>
    public const int MaxSource = 1 << 20;

    private readonly Block _body;
    private readonly string _name;

    private ChatTemplate(Block body, string source, string name) => (_body, Source, _name) = (body, source, name);

    /// <summary>The template's text: the marks of its model's format stand in it.</summary>
    public string Source { get; }

    /// <param name="name">How errors name the template.</param>
    public static ChatTemplate Parse(string source, string name = "chat_template")
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source.Length > MaxSource) throw TemplateException.At(name, 0, $"the template has {source.Length} characters; at most {MaxSource} are read");
        return new ChatTemplate(Parser.Parse(source, name), source, name);
    }

    public RenderedPrompt Render(ChatTemplateInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var run = new Rendering(input.Limits, input.Clock);
        try
        {
            var scope = new Scope(run, null);
            foreach ((string name, object value) in InputVariables.Of(run, input)) scope.Set(name, value);
            PyString text = _body.Capture(scope);
            if (input.ContinueFinalMessage) text = FinalMessage.Cut(text);
            return new RenderedPrompt(text.Text, text.Input.ToArray());
        }
        catch (EvaluationException error)
        {
            throw error.RaisedByTemplate ? new TemplateException(error.Message, run.Line, raisedByTemplate: true) : TemplateException.At(_name, run.Line, error.Message);
        }
    }
}
