namespace Folio.Tokenization.Templates;

/// <summary>A chat template that cannot be parsed or rendered, or that refused its conversation.</summary>
public sealed class TemplateException : FolioException
{
    internal TemplateException(string message, int line, bool raisedByTemplate) : base(message) =>
        (Line, RaisedByTemplate) = (line, raisedByTemplate);

    /// <summary>The template's line, counted from 1; 0 where the error has no place in the template.</summary>
    public int Line { get; }

    /// <summary>The template itself called raise_exception: the message is its own text, meant for the caller.</summary>
    public bool RaisedByTemplate { get; }

    internal static TemplateException At(string name, int line, string reason) =>
        new(line > 0 ? $"{name}, line {line}: {reason}" : $"{name}: {reason}", line, false);
}

/// <summary>What goes wrong while an expression is evaluated, in Python's words; <see cref="ChatTemplate"/> adds the place.</summary>
internal sealed class EvaluationException(string message, bool raisedByTemplate = false) : Exception(message)
{
    public bool RaisedByTemplate { get; } = raisedByTemplate;
}
